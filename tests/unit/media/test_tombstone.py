"""What is read of a tombstone, and what is none."""

import pytest
import rfc8785

from telegraphone.media.errors import DamagedManifest
from telegraphone.media.manifest import signed
from telegraphone.media.ports import PublicFacts
from telegraphone.media.tombstone import FORMAT, read_tombstone
from tests.unit.media.recording_maker import Maker

SAID = {
    "format": FORMAT,
    "tenant": "default",
    "recording": "C1",
    "parts": ["r1", "r2"],
    "manifests": {"r1": "ab" * 32},
    "files": [{"part": "r1", "name": "s0-e0.tgs", "size": 9, "sha256": "cd" * 32}],
    "files_left": [],
    "keys_destroyed": 3,
    "erased_at": "2026-11-24T09:30:00+00:00",
    "trail": {"number": 7, "hash": "ef" * 32},
    "by": "retention",
    "rule": "a month @v1",
}
READ = "recording C1 of default: 2 parts, 1 files, 3 keys destroyed, 2026-11-24T09:30:00+00:00, by retention: a month @v1"


def test_it_says_what_was_erased_when_by_whom_and_why() -> None:
    maker = Maker()
    data = PublicFacts(rfc8785.dumps(SAID))  # type: ignore[arg-type]  # it takes any JSON, which it says more narrowly
    assert str(read_tombstone(data, signed(data, maker.keys), maker.trusted)) == READ
    with pytest.raises(DamagedManifest):
        read_tombstone(data.replace(b"retention", b"somebody!"), signed(data, maker.keys), maker.trusted)
    with pytest.raises(DamagedManifest):
        read_tombstone(data, signed(data, maker.keys), {bytes(32)})


@pytest.mark.parametrize(
    "change",
    [{"format": "telegraphone-pauses-1"}, {"parts": ["r2"]}, {"manifests": {"r3": ""}}, {"by": 7}, {"more": "x"}],
    ids=str,
)
def test_what_is_signed_and_no_tombstone_is_refused(change: dict[str, object]) -> None:
    maker = Maker()
    data = PublicFacts(rfc8785.dumps({**SAID, **change}))  # type: ignore[arg-type,dict-item]  # as above
    with pytest.raises(DamagedManifest):
        read_tombstone(data, signed(data, maker.keys), maker.trusted)
