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


def matches(pattern: str, text: str) -> bool:
    """Whether a text fits a pattern in which only `*` is special."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None
