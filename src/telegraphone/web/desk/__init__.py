"""The agent desk: the page an agent works on, an ordinary client of the API that is shipped with the server.

The page is plain modules, a stylesheet and no build: it is served as it lies in `page`. Only the CometD library is made
elsewhere, by `scripts/setup-desk` into `build`; where that was never run, the page is told that there is none and asks
for changes every second (docs/adr).
"""

from pathlib import Path

from telegraphone.web.pages import PageFile

_HERE = Path(__file__).parent
_PREFIX = "/desk/"
_LIBRARY = "cometd.js"
_NO_LIBRARY = b"export const CometD = null;\nexport const AckExtension = null;\n"
_PAUSE_WARNING = b'data-pause-warning-s="120"'
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def desk_files(pause_warning_s: int) -> dict[str, PageFile]:
    """Every file of the desk by its URL path; the page itself is `/`. `pause_warning_s`: from when on a pause is called out,
    0 for never."""
    files = {_PREFIX + path.name: _read(path) for path in sorted((_HERE / "page").iterdir()) if path.suffix in _MEDIA_TYPES}
    library = _HERE / "build" / _LIBRARY
    files[_PREFIX + _LIBRARY] = _read(library) if library.exists() else PageFile(_NO_LIBRARY, _MEDIA_TYPES[".js"])
    page = files.pop(_PREFIX + "index.html")
    assert _PAUSE_WARNING in page.content
    told = page.content.replace(_PAUSE_WARNING, b'data-pause-warning-s="%d"' % pause_warning_s)
    return {"/": PageFile(told, page.media_type), **files}


def _read(path: Path) -> PageFile:
    return PageFile(path.read_bytes(), _MEDIA_TYPES[path.suffix])
