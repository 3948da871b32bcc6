"""What is installed has the desk whole: its own files and the CometD library with the licence it came under."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[3]
DESK = "telegraphone/web/desk"


def test_the_wheel_has_the_desk_and_its_library(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        library = archive.read(f"{DESK}/build/cometd.js").decode()
    ours = {f"{DESK}/page/{each.name}" for each in (ROOT / "src" / DESK / "page").iterdir()}
    assert ours | {f"{DESK}/build/cometd.LICENSE"} <= names
    assert "CometD" in library.partition("\n")[0], "what is not ours says so in its first line"
    assert not [name for name in names if "node_modules" in name or name.endswith("package.json")]
