"""Tells every setting with its type, default and meaning, for the documentation and the command line."""

from collections.abc import Iterator
from typing import get_type_hints

import msgspec
from msgspec import Meta, Struct

from telegraphone.config.checking import struct_in
from telegraphone.config.tables import Config


def settings() -> Iterator[tuple[str, str, str, str]]:
    """Every setting: its key, its type, its default (`required` without one) and its meaning, in the order of the file."""
    for table, kind in _tables():
        hints = get_type_hints(kind, include_extras=True)
        for field in msgspec.structs.fields(kind):
            if struct_in(field.type) is not None:
                continue
            notes = [each for each in hints[field.name].__metadata__ if isinstance(each, Meta)]
            meaning = next(note.description for note in notes if note.description)
            yield f"{table}.{field.name}", _type_name(hints[field.name].__origin__), _default(field), meaning


def explain() -> str:
    """The same as a Markdown document's tables, for the documentation and the command line."""
    lines: list[str] = []
    for table, kind in _tables():
        assert kind.__doc__ is not None
        lines += [f"## {kind.__doc__}", "", "| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{key.removeprefix(table + '.')}` | {kind_name} | {default} | {meaning} |"
            for key, kind_name, default, meaning in settings()
            if key.rpartition(".")[0] == table
        ]
        lines.append("")
    return "\n".join(lines)


def _tables(within: type[Struct] = Config, place: str = "") -> Iterator[tuple[str, type[Struct]]]:
    """Every table and where it is, those in a table after it."""
    for field in msgspec.structs.fields(within):
        kind = struct_in(field.type)
        if kind is not None:
            yield f"{place}{field.name}", kind
            yield from _tables(kind, f"{place}{field.name}.")


def _type_name(kind: object) -> str:
    names: dict[object, str] = {str: "text", int: "number", float: "number", bool: "true or false"}
    if kind in names:
        return names[kind]
    arguments: tuple[object, ...] = getattr(kind, "__args__", ())
    if Ellipsis in arguments:
        return f"list of {_type_name(arguments[0])}"
    if all(isinstance(each, str) for each in arguments):
        return ", ".join(f"`{each}`" for each in arguments)
    return "text"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT:
        return "required"
    value = field.default
    if value is msgspec.UNSET:
        return "none"
    if isinstance(value, tuple):
        return f"`[{', '.join(map(_toml, value))}]`"
    return f"`{_toml(value)}`"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)
