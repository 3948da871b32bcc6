"""Reads foreign XML into a small tree, within bounds and without ever following what it refers to.

A document type declaration is the door to entity bombs and to files of ours (fault F30), and no recording client needs
one: it is refused where it begins. Names are taken without their prefix and in lower case, because clients invent
prefixes, namespaces and capitals (siprec.md, rule 5.5).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from telegraphone.limits import (
    METADATA_BYTES_MAX,
    METADATA_DEPTH_MAX,
    METADATA_ELEMENTS_MAX,
    METADATA_TEXT_CHARS_MAX,
)
from telegraphone.wire.errors import RemoteProtocolError

_BLANKS: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its local name and the names of its attributes in lower case, its own text without outer blanks."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    children: tuple["Element", ...] = ()

    def named(self, name: str) -> tuple["Element", ...]:
        """The children of this name."""
        return tuple(child for child in self.children if child.name == name)

    def text_of(self, name: str) -> str:
        """The text of the first child of this name, "" if there is none."""
        return next((child.text for child in self.children if child.name == name), "")

    def attribute(self, *names: str) -> str:
        """The first of these attributes that is there and not empty, "" if none is."""
        return next((value for name in names if (value := self.attributes.get(name, ""))), "")


def read_tree(document: bytes) -> Element:
    """The root of a document. RemoteProtocolError if it is no XML, has a document type, or passes a limit.

    Bytes that are no UTF-8 in a document that should be UTF-8 are replaced: names are often sent in another coding.
    """
    if len(document) > METADATA_BYTES_MAX:
        raise RemoteProtocolError("the metadata is too large", status=413)
    document = document.strip(_BLANKS)
    try:
        return _Reader(None).read(document)
    except expat.ExpatError as error:
        if error.code != expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]:
            raise RemoteProtocolError(f"the metadata is no XML: {expat.ErrorString(error.code)}") from error
    try:
        return _Reader("utf-8").read(document.decode("utf-8", "replace").encode())
    except expat.ExpatError as error:
        raise RemoteProtocolError(f"the metadata is no XML: {expat.ErrorString(error.code)}") from error


@dataclass(slots=True)
class _Open:
    """An element whose end has not come."""

    name: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)
    chars: int = 0


class _Reader:
    """One pass of the parser."""

    def __init__(self, encoding: str | None) -> None:
        self._parser = expat.ParserCreate(encoding)
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._open: list[_Open] = []
        self._elements = 0
        self._root: Element | None = None

    def read(self, document: bytes) -> Element:
        """The root element."""
        try:
            self._parser.Parse(document, True)
        except (LookupError, ValueError) as error:
            raise RemoteProtocolError(f"the metadata is no XML: {type(error).__name__}") from error
        assert self._root is not None, "the parser accepts no document without a root"
        return self._root

    def _doctype(self, *_: object) -> None:
        raise RemoteProtocolError("the metadata has a document type declaration")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > METADATA_ELEMENTS_MAX:
            raise RemoteProtocolError("the metadata has too many elements", status=413)
        if len(self._open) >= METADATA_DEPTH_MAX:
            raise RemoteProtocolError("the metadata is nested too deeply", status=413)
        if any(len(value) > METADATA_TEXT_CHARS_MAX for value in attributes.values()):
            raise RemoteProtocolError("a text of the metadata is too long", status=413)
        named = {_local(key): value.strip() for key, value in attributes.items()}
        self._open.append(_Open(_local(name), named))

    def _characters(self, text: str) -> None:
        element = self._open[-1]
        stripped = text if element.text else text.lstrip()
        element.chars += len(stripped)
        if element.chars > METADATA_TEXT_CHARS_MAX:
            raise RemoteProtocolError("a text of the metadata is too long", status=413)
        if stripped:
            element.text.append(stripped)

    def _end(self, _: str) -> None:
        done = self._open.pop()
        element = Element(done.name, done.attributes, "".join(done.text).strip(), tuple(done.children))
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._root = element


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()
