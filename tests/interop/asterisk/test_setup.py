"""How the tests come by their Asterisk: where no mirror has it, they fail in words, and nothing half-made is left."""

import os
import subprocess
from pathlib import Path

from tests.interop.asterisk.server import ROOT


def test_without_a_mirror_that_has_it_the_run_fails_and_says_what_was_tried(tmp_path: Path) -> None:
    mirror, cache = tmp_path / "mirror", tmp_path / "cache"
    mirror.mkdir()
    done = subprocess.run(
        [ROOT / "scripts" / "setup-asterisk"],
        env=os.environ | {"XDG_CACHE_HOME": str(cache), "DEBIAN_MIRROR": f"file:{mirror}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    for suite in ("sid", "bullseye"):
        assert f"== {suite} from file:{mirror}" in done.stderr
    assert done.stderr.endswith(f"setup-asterisk: neither sid nor bullseye could be had from: file:{mirror}\n")
    assert list((cache / "telegraphone").iterdir()) == []
