"""The pages people work on: the agent desk, and the recordings console for supervisors; both are ordinary clients of the API
that are shipped with the server.

They are plain modules and stylesheets without a build, served as they lie in `page` and `console`. Only the libraries are made
elsewhere, by `scripts/setup-desk` into `build`; where that was never run, a page is told that there is none: the desk then asks
for changes every second, and the console draws no waveform (docs/adr).
"""

from pathlib import Path
from typing import Final

from telegraphone.web.pages import PageFile

_HERE = Path(__file__).parent
_PAUSE_WARNING = b'data-pause-warning-s="120"'
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PAGES: Final = {"page": ("/desk/", "/"), "console": ("/console/", "/recordings")}
"""The folders, where their files are served, and where their pages are."""

_LIBRARIES: Final = {
    "/desk/cometd.js": b"export const CometD = null;\nexport const AckExtension = null;\n",
    "/console/wavesurfer.js": b"export const WaveSurfer = null;\n",
}
"""What is said where a library was not made."""


def desk_files(pause_warning_s: int) -> dict[str, PageFile]:
    """Every file of both pages by its URL path. `pause_warning_s`: from when on a pause is called out, 0 for never."""
    files: dict[str, PageFile] = {}
    for folder, (prefix, place) in _PAGES.items():
        mine = {prefix + path.name: _read(path) for path in sorted((_HERE / folder).iterdir()) if path.suffix in _MEDIA_TYPES}
        page = mine.pop(prefix + "index.html")
        assert _PAUSE_WARNING in page.content
        told = page.content.replace(_PAUSE_WARNING, b'data-pause-warning-s="%d"' % pause_warning_s)
        files |= {place: PageFile(told, page.media_type), **mine}
    for name, none in _LIBRARIES.items():
        library = _HERE / "build" / name.rpartition("/")[2]
        files[name] = _read(library) if library.exists() else PageFile(none, _MEDIA_TYPES[".js"])
    return files


def _read(path: Path) -> PageFile:
    return PageFile(path.read_bytes(), _MEDIA_TYPES[path.suffix])
