"""Works out who is in a copied call and whose voice comes on which line, from metadata, labels and position.

What the metadata says counts (siprec.md, rule 5.6). A label that is in no description, or a stream without a label, is
found by its place: the second stream is the second line. Where it says nothing of a voice the trunk may, by line: of the
caller's side of a call or of the called one's, on which a party stays whoever else comes and goes. A line nobody
claims is given to whoever has none, in order, so that no sound is lost for want of a name; that is then a guess about names,
told as a fact (`legs.described`), and never about what is recorded.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from telegraphone.switches.siprec.trunk import Trunk
from telegraphone.wire.siprec.answering import Line
from telegraphone.wire.siprec.metadata import Kind, Picture

SIDES = ("caller", "called")
"""The two sides of a call, as a trunk's `voices` name them."""


@dataclass(frozen=True, slots=True)
class Person:
    """One participant: its id in the metadata, its number here, the lines on which its voice comes by what the metadata says."""

    id: str
    number: str
    lines: tuple[int, ...] = ()


def persons(picture: Picture, lines: Sequence[Line | None], trunk: Trunk) -> tuple[Person, ...]:
    """Who takes part now, the caller first."""
    places = line_places(picture, lines)
    found = [
        Person(party.id, trunk.number(party.aor), tuple(sorted(places[stream] for stream in party.sends if stream in places)))
        for party in picture.parties()
    ]
    if trunk.first_is_called and len(found) > 1:
        found[0], found[1] = found[1], found[0]
    return tuple(found)


def stated(side: str, lines: Sequence[Line], trunk: Trunk) -> tuple[int, ...]:
    """Those of these lines that bring the voice of a side by what the trunk says of them; none for who is on neither, ""."""
    said = {line.index: trunk.voices.get(line.label, trunk.voices.get(str(line.index + 1))) for line in lines}
    return tuple(index for index, whose in said.items() if whose == side)


def line_places(picture: Picture, lines: Sequence[Line | None]) -> dict[str, int]:
    """The line of each stream: by its label, else by its position among the streams."""
    by_label = {line.label: line.index for line in lines if line is not None and line.label}
    streams = picture.of(Kind.STREAM)
    places = {item.ids[0]: by_label[label] for item in streams if (label := item.text("label")) in by_label}
    if places:
        return places
    # Where our offer is not answered yet, it has a line for each stream.
    taken = [line.index for line in lines if line is not None] if lines else range(len(streams))
    return {item.ids[0]: index for item, index in zip(streams, taken, strict=False)}
