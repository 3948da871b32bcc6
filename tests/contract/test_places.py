"""What every place promises that keeps whole finished files: memory, a folder, a bucket of a real S3 server."""

import hashlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telegraphone.limits import S3_BLOCK_BYTES
from telegraphone.media.ports import FileFacts, PublicFacts, SealedPlace
from telegraphone.storage.folder import Folder
from telegraphone.storage.layered import Layered
from telegraphone.storage.memory import MemoryStore
from telegraphone.storage.s3 import Bucket, ObjectLock, S3Place
from tests.interop.storage.seaweed import SECRET, USER, Seaweed

LONG = bytes(range(256)) * (2 * S3_BLOCK_BYTES // 256) + b"the end"
FILES = {"a/one.tgs": b"first file", "a/two.tgs": b"", "a/b/three.tgs": LONG, "a/manifest.json": b"{}"}
_numbers = itertools.count()


def facts(content: bytes) -> FileFacts:
    return FileFacts(len(content), hashlib.sha256(content).hexdigest())


def holding(files: dict[str, bytes]) -> MemoryStore:
    """Where files come from."""
    store = MemoryStore()
    for path, content in files.items():
        store.makedir(path.rpartition("/")[0])
        file = store.create(path)
        file.append(PublicFacts(content))
        file.close()
    return store


def bucket_of(server: Seaweed, name: str, *, secret: str = SECRET) -> Bucket:
    prefix = f"prefix-{next(_numbers)}"
    return Bucket(name, prefix, server.url, access_key_id=USER, secret_access_key=secret)


def utc() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=["memory", "folder", "s3", "s3 locked"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> SealedPlace:
    def s3(*, locked: bool) -> S3Place:
        server: Seaweed = request.getfixturevalue("s3_server")
        bucket = bucket_of(server, server.bucket("locked" if locked else "plain", versioned=locked))
        return S3Place(bucket, utc, ObjectLock("GOVERNANCE", 1) if locked else None)

    makers: dict[str, Callable[[], SealedPlace]] = {
        "memory": MemoryStore,
        "folder": lambda: Folder(tmp_path),
        "s3": lambda: s3(locked=False),
        "s3 locked": lambda: s3(locked=True),
    }
    return makers[request.param]()


def test_what_is_kept_is_there_whole(place: SealedPlace) -> None:
    for path, content in FILES.items():
        assert not place.holds(path, facts(content))
        place.keep(path, holding(FILES), facts(content))
        assert place.holds(path, facts(content))
    assert list(place.list("a")) == ["b", "manifest.json", "one.tgs", "two.tgs"]
    assert list(place.list("a/b")) == ["three.tgs"]
    border = S3_BLOCK_BYTES
    for start, length in ((0, 10), (1_000, 77), (border - 3, 6), (border, border), (len(LONG) - 3, 10), (0, 2 * len(LONG))):
        assert place.read("a/b/three.tgs", start, length) == LONG[start : start + length]
    assert place.read("a/b/three.tgs", len(LONG) + 3, 10) == b""
    assert place.read("a/two.tgs", 0, 10) == b""
    assert {path: place.size(path) for path in FILES} == {path: len(content) for path, content in FILES.items()}


def test_what_arrives_otherwise_is_refused_and_not_held(place: SealedPlace) -> None:
    for sent in (b"first fils", b"first", b"first file and more"):
        with pytest.raises(OSError, match=r"one\.tgs"):
            place.keep("a/one.tgs", holding({"a/one.tgs": sent}), facts(b"first file"))
        assert not place.holds("a/one.tgs", facts(b"first file"))


def test_a_file_may_be_replaced(place: SealedPlace) -> None:
    for content in (b"first", b"second and longer"):
        place.keep("a/one.tgs", holding({"a/one.tgs": content}), facts(content))
        assert place.read("a/one.tgs", 0, 100) == content
    assert not place.holds("a/one.tgs", facts(b"first"))


@pytest.mark.parametrize("path", ["a/none.tgs", "none/one", "a/one.tgs/two", "", "a//one", "../a/one", "a/../a/one", "/a/one"])
def test_what_is_not_there_is_not_found(place: SealedPlace, path: str) -> None:
    place.keep("a/one.tgs", holding(FILES), facts(FILES["a/one.tgs"]))
    for ask in (place.size, place.list, place.remove, lambda path: place.read(path, 0, 1)):
        with pytest.raises((FileNotFoundError, NotADirectoryError)):
            ask(path)


def test_what_is_removed_is_gone_or_locked(place: SealedPlace) -> None:
    for name in ("a/one.tgs", "a/two.tgs"):
        place.keep(name, holding(FILES), facts(FILES[name]))
    if isinstance(place, S3Place) and place.locks:
        with pytest.raises(PermissionError):
            place.remove("a/one.tgs")
        assert place.holds("a/one.tgs", facts(FILES["a/one.tgs"]))
        return
    place.remove("a/one.tgs")
    with pytest.raises(FileNotFoundError):
        place.remove("a/one.tgs")
    assert list(place.list("a")) == ["two.tgs"]
    place.remove("a/two.tgs")
    with pytest.raises(FileNotFoundError):
        place.list("a")


def test_who_deletes_a_locked_object_only_hides_it_from_others(s3_server: Seaweed) -> None:
    """CMP-2: an administrator's delete of the version fails, and of the name hides nothing from us."""
    bucket = bucket_of(s3_server, s3_server.bucket("locked", versioned=True))
    place = S3Place(bucket, utc, ObjectLock("COMPLIANCE", 1))
    place.keep("a/one.tgs", holding(FILES), facts(FILES["a/one.tgs"]))
    client, key = s3_server.client, f"{bucket.prefix}/a/one.tgs"
    [version] = client.list_object_versions(Bucket=bucket.name, Prefix=key)["Versions"]
    with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
        client.delete_object(Bucket=bucket.name, Key=key, VersionId=version["VersionId"])
    client.delete_object(Bucket=bucket.name, Key=key)
    with pytest.raises(client.exceptions.NoSuchKey):
        client.get_object(Bucket=bucket.name, Key=key)
    again = S3Place(bucket, utc, ObjectLock("COMPLIANCE", 1))
    assert again.read("a/one.tgs", 0, 100) == FILES["a/one.tgs"]
    assert again.holds("a/one.tgs", facts(FILES["a/one.tgs"]))


def test_a_store_that_is_away_or_refuses_us_is_an_error_and_no_empty_place(s3_server: Seaweed) -> None:
    name = s3_server.bucket("plain", versioned=False)
    away = Bucket(name, "p", "http://127.0.0.1:9", access_key_id=USER, secret_access_key=SECRET)
    for bucket in (away, bucket_of(s3_server, name, secret="another secret")):
        place = S3Place(bucket, utc)
        for ask in (
            lambda place: place.holds("a/one.tgs", facts(b"")),
            lambda place: place.read("a/one.tgs", 0, 1),
            lambda place: place.list("a"),
            lambda place: place.keep("a/one.tgs", holding(FILES), facts(FILES["a/one.tgs"])),
        ):
            with pytest.raises(OSError, match=r"\ba\b") as caught:
                ask(place)
            assert not isinstance(caught.value, FileNotFoundError)
            assert SECRET not in str(caught.value)


def test_a_folder_that_is_not_mounted_takes_nothing(tmp_path: Path) -> None:
    place = Folder(tmp_path / "not mounted")
    with pytest.raises(OSError, match="not mounted"):
        place.keep("a/one.tgs", holding(FILES), facts(FILES["a/one.tgs"]))
    assert not (tmp_path / "not mounted").exists()


def test_layers_are_read_as_one_and_a_broken_one_is_passed_over() -> None:
    class Broken(MemoryStore):
        def read(self, path: str, offset: int, length: int) -> bytes:
            raise OSError("the disk fails")

    near, far = holding({"a/one": b"near"}), holding({"a/one": b"far", "a/two": b"two", "b/three": b"three"})
    layered = Layered(near, far)
    assert layered.read("a/one", 0, 9) == b"near"
    assert layered.read("a/two", 0, 9) == b"two"
    assert layered.size("a/two") == 3
    assert (layered.list("a"), layered.list("b")) == (["one", "two"], ["three"])
    with pytest.raises(FileNotFoundError):
        layered.read("a/none", 0, 1)
    assert Layered(Broken(), far).read("a/one", 0, 9) == b"far"
    with pytest.raises(OSError, match="disk fails"):
        Layered(Broken(), far).read("a/none", 0, 1)
