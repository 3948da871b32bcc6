"""What every store of sealed files promises to its readers and, where it has a writing side, to its writer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from telegraphone.capture.disk import DiskSink
from telegraphone.media.ports import PublicFacts, SealedSink, SealedSource
from telegraphone.storage.local import LocalSource
from telegraphone.storage.memory import MemoryStore

FILES = {"a/one": b"first file", "a/two": b"", "a/b/three": bytes(range(256)) * 300}


def on_disk(root: Path) -> SealedSource:
    for path, content in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return LocalSource(root)


def in_memory(_: Path) -> SealedSource:
    store = MemoryStore()
    for path, content in FILES.items():
        store.makedir(path.rpartition("/")[0])
        file = store.create(path)
        file.append(PublicFacts(content))
        file.close()
    return store


def on_two_disks(root: Path) -> SealedSource:
    for place, path in (("one", "a/one"), ("two", "a/two"), ("two", "a/b/three")):
        (root / place / path).parent.mkdir(parents=True, exist_ok=True)
        (root / place / path).write_bytes(FILES[path])
    return LocalSource(root / "one", root / "two", root / "none")


@pytest.fixture(params=[on_disk, in_memory, on_two_disks])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> SealedSource:
    make: Callable[[Path], SealedSource] = request.param
    return make(tmp_path)


def test_names_come_in_ascending_order(source: SealedSource) -> None:
    assert list(source.list("a")) == ["b", "one", "two"]
    assert list(source.list("a/b")) == ["three"]


def test_any_part_of_a_file_is_read(source: SealedSource) -> None:
    content = FILES["a/b/three"]
    assert source.size("a/b/three") == len(content)
    assert source.read("a/b/three", 0, 1 << 20) == content
    assert source.read("a/b/three", 1_000, 77) == content[1_000:1_077]
    assert source.read("a/b/three", len(content) - 3, 10) == content[-3:]
    assert source.read("a/b/three", len(content) + 3, 10) == b""
    assert source.read("a/two", 0, 10) == b""


@pytest.mark.parametrize(
    "path", ["a/none", "none/one", "a/one/two", "", "/", "a//one", "../a/one", "a/../a/one", "a/./one", "/a/one"]
)
def test_what_is_not_there_is_not_found(source: SealedSource, path: str) -> None:
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        source.read(path, 0, 1)
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        source.size(path)
    with pytest.raises((FileNotFoundError, NotADirectoryError)):
        source.list(path)


def test_no_link_leads_out_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    root = tmp_path / "data"
    (root / "a").mkdir(parents=True)
    (root / "a/link").symlink_to(tmp_path / "secret")
    (root / "out").symlink_to(tmp_path)
    source = LocalSource(root)
    for path in ("a/link", "out/secret"):
        with pytest.raises(OSError, match=r"symbolic|directory"):
            source.read(path, 0, 10)


Sides = tuple[SealedSink, SealedSource]


@pytest.fixture(params=["memory", "disk"])
def sides(request: pytest.FixtureRequest, tmp_path: Path) -> Sides:
    """A writing side and the reading side of the same place, empty."""
    if request.param == "disk":
        return DiskSink(tmp_path / "data"), LocalSource(tmp_path / "data")
    store = MemoryStore()
    return store, store


def put(sink: SealedSink, path: str, content: bytes) -> None:
    file = sink.create(path)
    file.append(PublicFacts(content))
    file.datasync()
    file.close()


def test_a_file_is_made_once_and_grows_at_its_end(sides: Sides) -> None:
    sink, source = sides
    with pytest.raises(FileNotFoundError):
        sink.create("a/one")
    sink.makedir("a")
    file = sink.create("a/one")
    with pytest.raises(FileExistsError):
        sink.create("a/one")
    assert source.size("a/one") == 0
    file.append(PublicFacts(b"one"))
    file.append(PublicFacts(b"two"))
    file.datasync()
    assert source.read("a/one", 0, 10) == b"onetwo"
    file.close()
    file.close()
    with pytest.raises((OSError, ValueError)):
        file.append(PublicFacts(b"more"))
    assert source.size("a/one") == 6


def test_directories_are_made_as_deep_as_asked_and_twice(sides: Sides) -> None:
    sink, source = sides
    sink.makedir("a/b/c")
    sink.makedir("a/b/c")
    assert [list(source.list(place)) for place in ("a", "a/b", "a/b/c")] == [["b"], ["c"], []]


def test_renaming_replaces_files_but_no_directory_that_holds_something(sides: Sides) -> None:
    sink, source = sides
    for directory in ("a/b", "c", "e/a"):
        sink.makedir(directory)
    for path, content in {"a/one": b"first", "a/two": b"second", "a/b/three": b"third", "e/a/held": b""}.items():
        put(sink, path, content)
    sink.rename("a/one", "a/two")
    assert source.read("a/two", 0, 20) == b"first"
    with pytest.raises(OSError, match=r"exists|not empty"):
        sink.rename("a", "e/a")
    sink.rename("a", "c/a")
    assert list(source.list("c/a")) == ["b", "two"]
    assert source.read("c/a/b/three", 0, 20) == b"third"
    with pytest.raises(FileNotFoundError):
        sink.rename("a", "d")


def test_what_is_removed_is_gone(sides: Sides) -> None:
    sink, source = sides
    sink.makedir("a")
    put(sink, "a/one", b"first")
    sink.unlink("a/one")
    with pytest.raises(FileNotFoundError):
        sink.unlink("a/one")
    with pytest.raises(FileNotFoundError):
        sink.syncdir("none")
    sink.syncdir("a")
    assert list(source.list("a")) == []
