"""What every store of sealed files promises to its readers and, where it has a writing side, to its writer."""

from collections.abc import Callable
from pathlib import Path

import pytest

from telegraphone.media.ports import PublicFacts, SealedSource
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


@pytest.fixture(params=[on_disk, in_memory])
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


def test_a_file_is_made_once_and_grows_at_its_end() -> None:
    store = MemoryStore()
    with pytest.raises(FileNotFoundError):
        store.create("a/one")
    store.makedir("a")
    file = store.create("a/one")
    with pytest.raises(FileExistsError):
        store.create("a/one")
    file.append(PublicFacts(b"one"))
    file.append(PublicFacts(b"two"))
    file.datasync()
    assert store.read("a/one", 0, 10) == b"onetwo"
    file.close()
    file.close()
    for deed in (file.datasync, lambda: file.append(PublicFacts(b"more"))):
        with pytest.raises(OSError, match="closed"):
            deed()


def test_renaming_replaces_files_but_no_directory() -> None:
    store = in_memory(Path())
    assert isinstance(store, MemoryStore)
    store.rename("a/one", "a/two")
    assert store.read("a/two", 0, 20) == b"first file"
    store.makedir("c/d")
    with pytest.raises(OSError, match="exists"):
        store.rename("a", "c")
    store.rename("a", "c/a")
    assert list(store.list("c/a")) == ["b", "two"]
    assert store.size("c/a/b/three") == len(FILES["a/b/three"])
    with pytest.raises(FileNotFoundError):
        store.rename("a", "e")


def test_what_is_removed_is_gone() -> None:
    store = in_memory(Path())
    assert isinstance(store, MemoryStore)
    store.unlink("a/one")
    for deed in (lambda: store.unlink("a/one"), lambda: store.size("a/one"), lambda: store.syncdir("none")):
        with pytest.raises(FileNotFoundError):
            deed()
    store.syncdir("a")
