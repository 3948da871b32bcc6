"""Compares numbers and names the way searches do: one rule for the SQL list of recordings and the one in memory."""

import re


def compared(number: str) -> str:
    """A number as searches compare it: its letters and digits, case kept (gws-api 13.2)."""
    return "".join(each for each in number if each.isalnum())


def compared_pattern(pattern: str) -> str:
    """A number criterion likewise, with `*` for any characters."""
    return "".join(each for each in pattern if each.isalnum() or each == "*")


def glob(pattern: str) -> str:
    """A pattern in which only `*` is special, for SQLite's GLOB."""
    return re.sub(r"[\[?]", lambda found: f"[{found.group()}]", pattern)


def like(pattern: str) -> str:
    """The same for the LIKE of SQL, where a backslash takes the meaning from what follows."""
    return re.sub(r"[\\%_]", lambda found: f"\\{found.group()}", pattern).replace("*", "%")


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which only `*` is special. Each piece between two stars is taken where it first
    fits, which is right because a star may always take more; so the time grows with the text alone."""
    first, *middle = pattern.split("*")
    if not middle:
        return text == pattern
    last = middle.pop()
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    place, end = len(first), len(text) - len(last)
    for piece in middle:
        place = text.find(piece, place, end)
        if place < 0:
            return False
        place += len(piece)
    return True
