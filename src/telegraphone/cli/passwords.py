"""Whether a new password can be guessed: by its length and by lists of what people choose (ASVS 6.2)."""

from typing import Final

CHARS_MIN: Final = 8
_LOOKED_AT_MAX: Final = 72
"""Characters that are looked at; a password may be longer, and all of it counts."""
_GUESSES_MIN: Final = 10**6


def objection(password: str) -> str:
    """What is to be said against a password; empty when nothing is. No kinds of characters are asked for."""
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # it is published without types

    if len(password) < CHARS_MIN:
        return f"A password has at least {CHARS_MIN} characters."
    if zxcvbn(password[:_LOOKED_AT_MAX])["guesses"] < _GUESSES_MIN:
        return "That password is among those that are tried first. Choose another; several words are good."
    return ""
