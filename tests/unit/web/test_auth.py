"""What an Authorization header says, whichever way clients write it."""

import base64

import pytest

from telegraphone.web.auth import credentials


def _header(said: bytes, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(said).decode()}"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (_header(b"agent.one:secret"), ("agent.one", "secret")),
        (_header(b"agent.one:a:b:c"), ("agent.one", "a:b:c")),
        (_header(b"agent.one:"), ("agent.one", "")),
        (_header("agent.one:pässwörd".encode()), ("agent.one", "pässwörd")),
        (_header("agent.one:pässwörd".encode("iso-8859-1")), ("agent.one", "pässwörd")),
        (_header(b"agent.one:secret", "BASIC"), ("agent.one", "secret")),
        ("Basic " + base64.encodebytes(b"agent.one:" + b"x" * 90).decode(), ("agent.one", "x" * 90)),
        (_header(b"no colon"), None),
        (_header(b"agent.one:secret", "Digest"), None),
        ("Basic", None),
        ("Basic \u00e9", None),
        ("Basic YWdlbnQ", None),
        ("", None),
    ],
)
def test_credentials(header: str, expected: tuple[str, str] | None) -> None:
    assert credentials(header) == expected
