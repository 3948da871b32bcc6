"""The files of the page that shows the description of the API: a reader of its own, which asks for the description as any
client would and shows a sign-in where that is refused."""

from pathlib import Path

from telegraphone.web.gws.links import API
from telegraphone.web.pages import PageFile, read

_HERE = Path(__file__).with_name("assets")


def files() -> dict[str, PageFile]:
    """Each file by its URL path; the page itself is `/api/v2/docs`."""
    return {f"{API}/docs": read(_HERE / "docs.html")} | {
        f"{API}/docs/{name}": read(_HERE / name) for name in ("docs.css", "docs.js")
    }
