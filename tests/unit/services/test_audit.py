"""What the hash of a line of the trail is made of, so that another program can compute it too."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telegraphone.services.audit import AuditLine, Deed, Head

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DEED = Deed("agent.one", "play", "A-1", "begun", {"b": "2", "a": "Stížnost"}, "default", "192.0.2.7")


def test_the_hash_is_that_of_the_line_in_canonical_json() -> None:
    line = AuditLine.behind(Head(6, "ab" * 32), NOON, DEED)
    said = (
        '{"action":"play","actor":"agent.one","before":"' + "ab" * 32 + '","detail":{"a":"Stížnost","b":"2"},"number":7,'
        '"origin":"192.0.2.7","result":"begun","subject":"A-1","tenant":"default","writtenAt":"2026-11-24T12:00:00.000000+00:00"}'
    )
    assert (line.number, line.hash) == (7, hashlib.sha256(said.encode()).hexdigest())
    assert line.is_as_written


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 8},
        {"before": "ac" * 32},
        {"written_at": NOON + timedelta(microseconds=1)},
        *({"deed": replace(DEED, **{name: "else"})} for name in ("actor", "action", "subject", "result", "tenant", "origin")),
        {"deed": replace(DEED, detail={"a": "Stížnost"})},
    ],
    ids=str,
)
def test_whatever_is_changed_of_a_line_shows(changed: dict[str, object]) -> None:
    line = AuditLine.behind(Head(6, "ab" * 32), NOON, DEED)
    assert not replace(line, **changed).is_as_written  # type: ignore[arg-type]  # what the test varies
