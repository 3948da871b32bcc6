"""What can name a label, and what can be said by one."""

import pytest

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.labels import must_be_label_name, must_be_label_text
from telegraphone.limits import LABEL_NAME_CHARS_MAX, LABEL_TEXT_CHARS_MAX


@pytest.mark.parametrize("name", ["x", "complaint", "VIP customer", "a.b", "_x", "50%", "x" * LABEL_NAME_CHARS_MAX])
def test_names(name: str) -> None:
    must_be_label_name(name)


@pytest.mark.parametrize(
    "name", ["", " x", "x ", "__x", "a/b", ".", "..", "é", "a\tb", "a\0b", "\x7f", "x" * (LABEL_NAME_CHARS_MAX + 1)]
)
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(ParameterInvalid, match="'name'"):
        must_be_label_name(name)


def test_what_can_be_said() -> None:
    for text in ("", "Ärger\nzweite Zeile", "x" * LABEL_TEXT_CHARS_MAX):
        must_be_label_text("value", text)
    for text in ("\0", "\ud800", "x" * (LABEL_TEXT_CHARS_MAX + 1)):
        with pytest.raises(ParameterInvalid, match="'value'"):
            must_be_label_text("value", text)
