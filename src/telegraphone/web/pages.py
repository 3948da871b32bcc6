"""Serves the few files of our own that browsers load: bytes that never change while the program runs, each under one URL,
with the rules a browser must keep on them."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from telegraphone.web.gws.answers import refuse
from telegraphone.web.gws.errors import method_not_allowed
from telegraphone.web.settings import WebSettings

_METHODS = ("GET", "HEAD")
_NONCE_BYTES = 16
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is sent, and its media type, `text/html; charset=utf-8` for instance."""

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """A strong validator: the same for the same bytes."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


def read(path: Path) -> PageFile:
    """The file of this name, whose ending tells its media type."""
    return PageFile(path.read_bytes(), _MEDIA_TYPES[path.suffix])


NONCE = b"{style-nonce}"
"""Where a page wants a number used once, by which a library may put its own style into it."""


class Pages:
    """All files, by URL path. They hold nothing secret and are served to everybody; what they show comes from the API."""

    def __init__(self, files: Mapping[str, PageFile], settings: WebSettings) -> None:
        self._files = dict(files)
        self._rules = {"Content-Security-Policy": _policy(settings), "Cache-Control": "no-cache"}

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def respond(self, request: Request) -> Response:
        """The file of this request's path, or nothing new when the browser has it already."""
        if request.method not in _METHODS:
            return refuse(method_not_allowed(list(_METHODS)))
        file = self._files[request.scope["path"]]
        if NONCE in file.content:
            return self._once(file)
        fields = {**self._rules, "ETag": file.etag}
        if file.etag in request.headers.get("if-none-match", ""):
            return Response(None, HTTPStatus.NOT_MODIFIED, fields)
        fields["Content-Type"] = file.media_type
        if request.method == "HEAD":
            return Response(None, HTTPStatus.OK, {**fields, "Content-Length": str(len(file.content))})
        return Response(file.content, HTTPStatus.OK, fields)

    def _once(self, file: PageFile) -> Response:
        """A page with a nonce of its own, which no browser may keep."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        policy = self._rules["Content-Security-Policy"].replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")
        fields = {"Content-Type": file.media_type, "Cache-Control": "no-store", "Content-Security-Policy": policy}
        return Response(file.content.replace(NONCE, nonce.encode()), HTTPStatus.OK, fields)


def _policy(settings: WebSettings) -> str:
    """Scripts, styles and pictures from here and nowhere else, none of them inline (ASVS 3.4.3, 3.4.6). The
    socket's origin is named because not every browser takes 'self' for it. A worker may be made from a script's own text,
    since the CometD library keeps its time in one: browsers let pages behind other windows sleep. Desktops that may use
    the API may also show the page inside their own."""
    socket = "ws" + settings.external_url.removeprefix("http")
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; "
        f"connect-src 'self' {socket}; font-src 'self'; manifest-src 'self'; worker-src blob:; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors {' '.join(sorted(settings.allowed_origins))}"
    )
