"""Draws a recording: both tracks over time with the paused spans marked, in the terminal and as a PNG file."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw
from rich.text import Text

from telegraphone.demo.proof import Tracks
from telegraphone.media.mixdown import peaks
from telegraphone.media.spans import Range

_BARS = " ▁▂▃▄▅▆▇█"
_WIDTH, _TRACK_HEIGHT, _MARGIN = 1200, 160, 36
_INK, _PAPER, _PAUSE, _LEFT, _RIGHT = "#1b1b1b", "#ffffff", "#f2d7d5", "#1f618d", "#1e8449"


def loudness(tracks: Tracks, columns: int) -> tuple[list[float], list[float]]:
    """How loud the agent and the caller are in each column, 0.0 to 1.0 of the loudest in the track."""
    agent, caller = zip(*peaks(tracks.frames, columns), strict=True)
    return _relative(agent), _relative(caller)


def in_terminal(tracks: Tracks, pauses_ms: Sequence[tuple[int, int]], columns: int) -> Text:
    """Two lines of bars and a ruler; paused columns stand on red."""
    length_ms = tracks.seconds * 1000
    drawing = Text()
    agent, caller = loudness(tracks, columns)
    for name, track, colour in (("agent  ", agent, "cyan"), ("caller ", caller, "green")):
        drawing.append(name, style="bold")
        for column, peak in enumerate(track):
            paused = _is_paused(column, columns, length_ms, pauses_ms)
            drawing.append(_bar(peak), style=f"{colour} on dark_red" if paused else colour)
        drawing.append("\n")
    end = f"{tracks.seconds:.1f} s"
    drawing.append("       0 s" + end.rjust(columns - 3) + "\n", style="dim")
    return drawing


def as_png(tracks: Tracks, pauses_ms: Sequence[tuple[int, int]], path: Path) -> None:
    """Writes the same picture as a PNG file."""
    image = Image.new("RGB", (_WIDTH, 2 * _TRACK_HEIGHT + 3 * _MARGIN), _PAPER)
    draw = ImageDraw.Draw(image)
    bottom = 2 * _TRACK_HEIGHT + 2 * _MARGIN
    for start_ms, end_ms in pauses_ms:
        left, right = (ms / 1000 / tracks.seconds * _WIDTH for ms in (start_ms, end_ms))
        draw.rectangle((left, _MARGIN, right, bottom), fill=_PAUSE)
        draw.text((left + 4, _MARGIN - 14), f"paused {(end_ms - start_ms) / 1000:.1f} s", fill=_INK)
    agent, caller = loudness(tracks, _WIDTH)
    for row, (name, track, colour) in enumerate((("agent", agent, _LEFT), ("caller", caller, _RIGHT))):
        middle = _MARGIN + _TRACK_HEIGHT // 2 + row * (_TRACK_HEIGHT + _MARGIN // 2)
        for x, peak in enumerate(track):
            height = peak * _TRACK_HEIGHT / 2
            draw.line((x, middle - height, x, middle + height), fill=colour)
        draw.text((4, middle - _TRACK_HEIGHT // 2), name, fill=_INK)
    draw.text((4, bottom + 8), "0 s", fill=_INK)
    draw.text((_WIDTH - 48, bottom + 8), f"{tracks.seconds:.1f} s", fill=_INK)
    image.save(path)


def _relative(track: Sequence[Range]) -> list[float]:
    heights = [max(-low, high) for low, high in track]
    loudest = max(heights) or 1
    return [height / loudest for height in heights]


def _bar(peak: float) -> str:
    if peak == 0:
        return " "
    return _BARS[min(len(_BARS) - 1, 1 + int(peak * (len(_BARS) - 1)))]


def _is_paused(column: int, columns: int, length_ms: float, pauses_ms: Sequence[tuple[int, int]]) -> bool:
    middle = (column + 0.5) / columns * length_ms
    return any(start <= middle < end for start, end in pauses_ms)
