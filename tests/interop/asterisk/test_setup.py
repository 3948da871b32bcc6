"""How the tests come by their Asterisk: from `sid`, else an older one from `bullseye`; where no mirror has either, they fail in
words, and nothing half-made is left."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.interop.asterisk import server
from tests.interop.asterisk.server import ROOT, SAMPLE

OLD = "Asterisk 16.28.0~dfsg-0+deb11u4"
NOT_IN_16 = ("res_pjsip_maintenance.so", "res_websocket_client.so")
LOADER, LIBRARY, MODULE = "lib/x86_64-linux-gnu/ld-2.31.so", "usr/lib/x86_64-linux-gnu/libneeded.so", "usr/lib/asterisk/modules"
BULLSEYE = {
    LOADER: f"""#!/bin/sh
shift 2
root=$(cd "$(dirname "$0")/../.." && pwd)
if [ "$1" = --list ]; then echo "libneeded.so => $root/{LIBRARY} (0x0)"; else exec sh "$@"; fi
""",
    LIBRARY: "",
    "lib/x86_64-linux-gnu/libc-2.31.so": "",
    f"{MODULE}/chan_pjsip.so": "",
    "usr/sbin/asterisk": f'echo "{OLD}"\n',
    "usr/share/asterisk/documentation/core-en_US.xml": "",
    "usr/share/doc/asterisk/copyright": "",
    "usr/share/doc/libneeded/copyright": "",
}
"""What its packages hold, where Debian's of that release have it, as far as the script looks at it."""
TOOLS = {
    "apt-config": "",
    "apt-get": """apt=$(dirname "$APT_CONFIG")
case "$*" in
*update)
    read -r _ _ _ suite _ <"$apt/sources.list"
    echo "$suite" >>"$TRIED"
    [ "$suite" = bullseye ] || { echo "E: The repository does not have a Release file."; exit 100; }
    ;;
*) : >"$apt/cache/archives/asterisk.deb" ;;
esac
""",
    "dpkg-deb": 'cp -R "$BULLSEYE/." "$3"\n',
}
"""An apt whose mirror has `bullseye` alone."""


def write(folder: Path, files: Mapping[str, str], *, head: str = "") -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + text)
        path.chmod(0o755)
    return folder


def test_where_a_mirror_has_only_the_older_one_that_is_taken_and_runs_by_its_own_loader(tmp_path: Path) -> None:
    tried, tools = tmp_path / "tried", write(tmp_path / "tools", TOOLS, head="#!/bin/sh\n")
    environment = os.environ | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "DEBIAN_MIRROR": "http://192.0.2.1/debian",
        "TRIED": str(tried),
        "BULLSEYE": str(write(tmp_path / "bullseye", BULLSEYE)),
    }
    for again in (False, True):
        done = subprocess.run(
            [ROOT / "scripts" / "setup-asterisk"], env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        place = Path(done.stdout.strip())
        assert done.stderr.endswith("" if again else f"setup-asterisk: {OLD}, from Debian's bullseye\n")
        assert tried.read_text().split() == ["sid", "bullseye"]
    assert (place / "version").read_text().strip() == OLD
    ran = subprocess.run([place / "asterisk", "-V"], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == OLD
    assert (place / "modules" / "chan_pjsip.so").is_file()
    kept = {str(path.relative_to(place / "root")) for path in (place / "root").rglob("*") if path.is_file()}
    assert kept == BULLSEYE.keys() - {"lib/x86_64-linux-gnu/libc-2.31.so", "usr/share/doc/libneeded/copyright"}


def test_of_the_sample_the_older_one_is_spared_the_modules_that_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = (SAMPLE / "modules.conf").read_text()
    names = [line.removeprefix("load = ") for line in sample.splitlines() if line.startswith("load = ")]
    write(tmp_path / "modules", dict.fromkeys(set(names) - set(NOT_IN_16), ""))
    monkeypatch.setattr(server, "home", lambda: tmp_path)
    left = server._without_missing_modules(sample)
    assert left.splitlines() == [line for line in sample.splitlines() if line.removeprefix("load = ") not in NOT_IN_16]
    assert set(NOT_IN_16) < set(names)


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
