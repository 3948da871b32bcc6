"""Paths: built from ids that are ids, and names read back exactly."""

import pytest

from telegraphone.media import layout

RECORDING = "0d3f9f3e-7a52-4d07-9a5e-3c6d3e1f8a11"


def test_a_recording_moves_from_live_to_sealed() -> None:
    assert layout.live_directory(RECORDING) == f"recordings/live/{RECORDING}"
    assert layout.sealed_directory(RECORDING) == f"recordings/sealed/0d/{RECORDING}"
    assert layout.sealed_shard(RECORDING) == "recordings/sealed/0d"


@pytest.mark.parametrize("name", ["", "..", "../../etc", "short", "a/b/c/d/e/f", "x" * 65, f"{RECORDING}\n", "-" * 20, "Ⅷ" * 10])
def test_no_path_is_made_of_what_is_no_id(name: str) -> None:
    for build in (layout.live_directory, layout.sealed_directory, layout.sealed_shard):
        with pytest.raises(ValueError, match="not a recording id"):
            build(name)


def test_names_are_read_back() -> None:
    assert layout.segment_file_parts(layout.segment_file(1, 12)) == (1, 12)
    assert layout.journal_life(layout.journal_file(3)) == 3


@pytest.mark.parametrize("name", ["s0-e00.tgs", "s0-e.tgs", "s0-e0.tgs.new", "journal-01.tgj", "journal-.tgj", "manifest.json"])
def test_other_names_are_no_files_of_ours(name: str) -> None:
    assert layout.segment_file_parts(name) is None
    assert layout.journal_life(name) is None
