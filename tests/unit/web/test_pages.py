"""Files that browsers load: their rules, their validators, and the methods they know."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from telegraphone.web.pages import NONCE, PageFile, Pages
from telegraphone.web.settings import WebSettings

PAGE = PageFile(b"<!doctype html>", "text/html; charset=utf-8")


def _asked(method: str = "GET", **headers: str) -> Response:
    pages = Pages({"/": PAGE}, WebSettings("https://gws.example.com"))
    assert "/" in pages
    assert "/other" not in pages
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return pages.respond(Request({"type": "http", "method": method, "path": "/", "query_string": b"", "headers": raw}))


def test_a_page_comes_with_its_rules() -> None:
    response = _asked()
    assert response.status_code == 200
    assert response.body == PAGE.content
    assert response.headers["content-type"] == PAGE.media_type
    assert response.headers["cache-control"] == "no-cache"
    rules = dict(rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["frame-ancestors"] == "https://gws.example.com", "whose pages may use the API may also show the page"
    assert rules["script-src"] == "'self'", "nothing inline, nothing from elsewhere"
    assert rules["connect-src"] == "'self' wss://gws.example.com"


@pytest.mark.parametrize(("tag", "status"), [(PAGE.etag, 304), ('"other"', 200), (f'"x", {PAGE.etag}', 304)])
def test_what_the_browser_has_is_not_sent_again(tag: str, status: int) -> None:
    response = _asked(if_none_match=tag)
    assert response.status_code == status
    assert bool(response.body) == (status == 200)


def test_a_page_is_only_read() -> None:
    head = _asked("HEAD")
    assert (head.status_code, head.body, head.headers["content-length"]) == (200, b"", str(len(PAGE.content)))
    refused = _asked("POST")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")


def test_a_library_may_style_a_page_by_a_number_used_once() -> None:
    page = PageFile(b'<html data-style-nonce="' + NONCE + b'">', PAGE.media_type)
    pages = Pages({"/": page}, WebSettings("https://gws.example.com"))
    seen = set()
    for _ in range(2):
        response = pages.respond(Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}))
        nonce = bytes(response.body).split(b'"')[1].decode()
        rules = dict(rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; "))
        assert rules["style-src"] == f"'self' 'nonce-{nonce}'"
        assert rules["script-src"] == "'self'"
        assert response.headers["cache-control"] == "no-store"
        seen.add(nonce)
    assert len(seen) == 2
