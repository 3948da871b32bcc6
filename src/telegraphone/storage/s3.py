"""Keeps whole finished files in a bucket of an S3-compatible object store, if wanted so that nobody can remove them early.

What was sent is proved by SHA-256: the store refuses what arrives otherwise (`x-amz-checksum-sha256`), and is asked for its
own checksum afterwards; one that keeps none is read back. With Object Lock each file is kept until a date; who deletes it
before that only lays a marker over it, under which it is still found.

Sealed audio is fetched in blocks, some of which are remembered: a listener asks for two seconds at a time, and a request
costs the same for a kilobyte as for a quarter of a million. Blocking, and safe to be called by several threads.
"""

import base64
import hashlib
import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from telegraphone.limits import S3_BLOCK_BYTES, S3_BLOCKS_KEPT, S3_CONNECT_S, S3_CONNECTIONS_MAX, S3_READ_S
from telegraphone.media.ports import FileFacts, SealedSource

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

_PIECE_BYTES: Final = 1 << 20
_ABSENT: Final = frozenset({"404", "NoSuchKey", "NotFound", "405", "MethodNotAllowed"})
"""Codes for what is not there; 405 is the answer to a question about a delete marker."""


@dataclass(frozen=True, slots=True)
class ObjectLock:
    """How long the store itself keeps files from being removed: in mode `COMPLIANCE` for anybody, in `GOVERNANCE` for all
    without a special right."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"]
    days: int


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where in which store, and how it is reached; without keys the machine's own credentials count (boto3's usual ways)."""

    name: str
    prefix: str = ""
    endpoint_url: str = ""
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = ""
    path_style: bool = True
    authorities: str = ""


class S3Place:
    """A `SealedPlace` over a bucket."""

    def __init__(self, bucket: Bucket, utc: Callable[[], datetime], lock: ObjectLock | None = None) -> None:
        """Reaches nothing yet. With `lock` the bucket must have been made with Object Lock."""
        self._bucket = bucket
        self._client = _client(bucket)
        self._utc = utc
        self._lock = lock
        self._blocks: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def locks(self) -> bool:
        """Whether the store itself keeps files from being removed."""
        return self._lock is not None

    def list(self, directory: str) -> Sequence[str]:
        """See `SealedSource.list`. What only lies under delete markers is not listed."""
        below = self._key(directory) + "/"
        names: set[str] = set()
        with _told(directory):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket.name, Prefix=below, Delimiter="/")
            for page in pages:
                names.update(each["Key"][len(below) :] for each in page.get("Contents", ()))
                names.update(each["Prefix"][len(below) : -1] for each in page.get("CommonPrefixes", ()))
        names.discard("")
        if not names:
            raise FileNotFoundError(directory)
        return sorted(names)

    def size(self, path: str) -> int:
        """See `SealedSource.size`."""
        with self._guard:
            if path in self._sizes:
                return self._sizes[path]
        size = int(self._ask(path, self._client.head_object)["ContentLength"])
        if _is_audio(path):
            with self._guard:
                self._sizes[path] = size
                while len(self._sizes) > S3_BLOCKS_KEPT:
                    self._sizes.popitem(last=False)
        return size

    def read(self, path: str, offset: int, length: int) -> bytes:
        """See `SealedSource.read`."""
        stop = min(offset + length, self.size(path))
        if offset >= stop:
            return b""
        if not _is_audio(path):
            return self._fetched(path, offset, stop)
        first = offset // S3_BLOCK_BYTES
        blocks = [self._block(path, index) for index in range(first, (stop - 1) // S3_BLOCK_BYTES + 1)]
        return b"".join(blocks)[offset - first * S3_BLOCK_BYTES : stop - first * S3_BLOCK_BYTES]

    def keep(self, path: str, content: SealedSource, facts: FileFacts) -> None:
        """See `SealedPlace.keep`."""
        self._forget(path)
        if content.size(path) != facts.size:
            raise OSError(f"{path} is not what its manifest says")
        extra: dict[str, Any] = {}
        if self._lock:
            extra = {
                "ObjectLockMode": self._lock.mode,
                "ObjectLockRetainUntilDate": self._utc() + timedelta(days=self._lock.days),
            }
        with _told(path):
            self._client.put_object(
                Bucket=self._bucket.name,
                Key=self._key(path),
                Body=io.BufferedReader(_Reader(path, content, facts.size), _PIECE_BYTES),
                ContentLength=facts.size,
                ContentType="application/octet-stream",
                ChecksumSHA256=base64.b64encode(bytes.fromhex(facts.sha256)).decode(),
                **extra,
            )

    def holds(self, path: str, facts: FileFacts) -> bool:
        """See `SealedPlace.holds`."""
        try:
            found = self._ask(path, self._client.head_object, ChecksumMode="ENABLED")
        except FileNotFoundError:
            return False
        if found["ContentLength"] != facts.size:
            return False
        if checksum := found.get("ChecksumSHA256"):
            return base64.b64decode(checksum).hex() == facts.sha256
        digest, place = hashlib.sha256(), 0
        while place < facts.size:
            piece = self._fetched(path, place, min(place + _PIECE_BYTES, facts.size))
            digest.update(piece)
            place += len(piece)
        return digest.hexdigest() == facts.sha256

    def remove(self, path: str) -> None:
        """See `SealedPlace.remove`. Under Object Lock nothing is removed: a marker would only hide it."""
        self._ask(path, self._client.head_object)
        if self._lock:
            raise PermissionError(f"{path} is locked in the bucket")
        self._forget(path)
        with _told(path):
            self._client.delete_object(Bucket=self._bucket.name, Key=self._key(path))

    def _key(self, path: str) -> str:
        if any(part in ("", ".", "..") or "\0" in part for part in path.split("/")):
            raise FileNotFoundError(path)
        return f"{self._bucket.prefix.strip('/')}/{path}".lstrip("/")

    def _block(self, path: str, index: int) -> bytes:
        with self._guard:
            if (path, index) in self._blocks:
                self._blocks.move_to_end((path, index))
                return self._blocks[path, index]
        start = index * S3_BLOCK_BYTES
        block = self._fetched(path, start, min(start + S3_BLOCK_BYTES, self.size(path)))
        with self._guard:
            self._blocks[path, index] = block
            while len(self._blocks) > S3_BLOCKS_KEPT:
                self._blocks.popitem(last=False)
        return block

    def _fetched(self, path: str, start: int, stop: int) -> bytes:
        answer = self._ask(path, self._client.get_object, Range=f"bytes={start}-{stop - 1}")
        with _told(path):
            data: bytes = answer["Body"].read()
        if len(data) != stop - start:
            raise OSError(f"{path}: {len(data)} bytes came instead of {stop - start}")
        return data

    def _ask(self, path: str, ask: Callable[..., Any], **more: str) -> dict[str, Any]:
        """The answer about an object; where Object Lock keeps it, also about one that somebody has hidden."""
        place = {"Bucket": self._bucket.name, "Key": self._key(path)}
        try:
            with _told(path):
                return dict(ask(**place, **more))
        except FileNotFoundError:
            if not self._lock:
                raise
        with _told(path):
            listed = self._client.list_object_versions(Bucket=place["Bucket"], Prefix=place["Key"])
            versions = [each["VersionId"] for each in listed.get("Versions", ()) if each["Key"] == place["Key"]]
            if not versions:
                raise FileNotFoundError(path)
            return dict(ask(**place, VersionId=versions[0], **more))

    def _forget(self, path: str) -> None:
        with self._guard:
            self._sizes.pop(path, None)
            for key in [key for key in self._blocks if key[0] == path]:
                del self._blocks[key]


class _Reader(io.RawIOBase):
    """A sealed file as botocore wants to send it: it measures it, signs it, and begins again when the store asks for that."""

    def __init__(self, path: str, content: SealedSource, size: int) -> None:
        self._path = path
        self._content = content
        self._size = size
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = offset + (0, self._place, self._size)[whence]
        return self._place

    def readinto(self, buffer: Any) -> int:
        data = self._content.read(self._path, self._place, min(len(buffer), max(0, self._size - self._place)))
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)


def _client(bucket: Bucket) -> "S3Client":
    import boto3
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=bucket.endpoint_url or None,
        region_name=bucket.region,
        aws_access_key_id=bucket.access_key_id or None,
        aws_secret_access_key=bucket.secret_access_key or None,
        verify=bucket.authorities or None,
        config=Config(
            s3={"addressing_style": "path" if bucket.path_style else "auto"},
            connect_timeout=S3_CONNECT_S,
            read_timeout=S3_READ_S,
            max_pool_connections=S3_CONNECTIONS_MAX,
            retries={"mode": "standard", "total_max_attempts": 2},
        ),
    )


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Says what went wrong at the store in the operating system's words."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise FileNotFoundError(path) from None
        kind = PermissionError if code == "AccessDenied" else OSError
        raise kind(f"{path}: {code or error}") from None
    except (BotoCoreError, ValueError) as error:
        raise OSError(f"{path}: {error}") from None


def _is_audio(path: str) -> bool:
    """Whether a file's content never changes under its name; a manifest may be replaced."""
    return path.endswith(".tgs")
