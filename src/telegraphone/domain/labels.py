"""Labels: words that people put on recordings, each defined once for a contact centre (gws-api 13.6)."""

from dataclasses import dataclass
from datetime import datetime

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.limits import LABEL_NAME_CHARS_MAX, LABEL_TEXT_CHARS_MAX


@dataclass(frozen=True, slots=True)
class LabelDefinition:
    """What a label means: the name it goes by, and what people read."""

    name: str
    display_name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Label:
    """One label of one recording: its value, and who put it there or changed it last."""

    name: str
    value: str
    user_name: str
    labelled_at: datetime


def must_be_label_name(name: str) -> None:
    """Raises `ParameterInvalid` for what cannot name a label: names stand in URLs, and those that begin with `__` are ours."""
    fits = 1 <= len(name) <= LABEL_NAME_CHARS_MAX and name.isascii() and name.isprintable() and name == name.strip()
    if not fits or "/" in name or name.startswith("__") or name in (".", ".."):
        detail = f"1 to {LABEL_NAME_CHARS_MAX} printable ASCII characters without a slash, not beginning with __"
        raise ParameterInvalid("name", detail)


def must_be_label_text(attribute: str, text: str) -> None:
    """Raises `ParameterInvalid` for a value, display name or description that is too long or cannot be shown."""
    if len(text) > LABEL_TEXT_CHARS_MAX or "\0" in text or any("\ud800" <= each <= "\udfff" for each in text):
        raise ParameterInvalid(attribute, f"at most {LABEL_TEXT_CHARS_MAX} characters")
