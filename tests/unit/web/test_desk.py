"""The files of the pages people work on: whole, of a known kind, free of what is forbidden, told when a pause is too long."""

import re

from telegraphone.web.desk import desk_files

FILES = desk_files(120)
LIBRARIES = {"/desk/cometd.js", "/console/wavesurfer.js"}
PAGES = ("/", "/recordings")
SCRIPTS = {path: file.content.decode() for path, file in FILES.items() if path.endswith(".js") and path not in LIBRARIES}


def test_everything_that_is_asked_for_is_there() -> None:
    asked = {name for each in PAGES for name in re.findall(r'(?:src|href)="(/[^"]*)"', FILES[each].content.decode())}
    asked |= {f"/desk/{name}" for text in SCRIPTS.values() for name in re.findall(r'from "\./([^"]+)"', text)}
    asked |= {name for text in SCRIPTS.values() for name in re.findall(r'from "(/[^"]+)"', text)}
    assert asked | set(PAGES) == set(FILES)


def test_every_file_has_its_kind() -> None:
    kinds = {path: file.media_type.partition(";")[0] for path, file in FILES.items()}
    assert kinds["/"] == "text/html"
    assert {kind for path, kind in kinds.items() if path.endswith(".js")} == {"text/javascript"}
    assert {kinds["/desk/desk.css"], kinds["/desk/icon.svg"]} == {"text/css", "image/svg+xml"}


def test_text_never_becomes_markup() -> None:
    """Numbers and user data come from strangers; nothing in the page may read them as HTML or as a program."""
    forbidden = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|srcdoc")
    assert [path for path, text in SCRIPTS.items() if forbidden.search(text)] == []
    for each in PAGES:
        assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", FILES[each].content.decode())


def test_a_long_pause_is_what_the_installation_says() -> None:
    for each in PAGES:
        assert b'data-pause-warning-s="45"' in desk_files(45)[each].content
