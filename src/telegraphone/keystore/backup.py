"""A back-up of everything that a key folder holds itself: wrapping keys and signing key, under a passphrase, in one text file.

    {"format","salt","nonce","sealed"}   canonical JSON, values in hexadecimal
    key    = scrypt(passphrase, salt, n = 2^17, r = 8, p = 1, 32 bytes)          RFC 7914
    sealed = AES-256-GCM(key, nonce, JSON of the keys and who uses which), authenticated: format

Envelopes are not in it: they are many, they change, and they are worth nothing without these keys; back their folder up often,
and keep those copies for a shorter time than an erasure is promised in.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from telegraphone.keystore.disk import make_private, publish
from telegraphone.keystore.file import FileKeyStore
from telegraphone.keystore.ring import KekRing, own_key
from telegraphone.media.canonical import canonical
from telegraphone.media.errors import DamagedEnvelope

FORMAT: Final = "telegraphone-key-backup-1"
PASSPHRASE_LENGTH_MIN: Final = 12
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12


class Keys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is inside; all keys in hexadecimal."""

    first: str
    keks: dict[str, str]
    tenants: dict[str, str]
    signing: str


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    salt: str
    nonce: str
    sealed: str


def back_up(folder: Path, passphrase: str, entropy: Callable[[int], bytes]) -> bytes:
    """The back-up of a key folder. Raises ValueError for a passphrase too short, DamagedEnvelope, OSError."""
    if len(passphrase) < PASSPHRASE_LENGTH_MIN:
        raise ValueError(f"the passphrase needs at least {PASSPHRASE_LENGTH_MIN} characters")
    plain = canonical(msgspec.structs.asdict(keys_of(folder)))
    salt, nonce = entropy(_SALT_BYTES), entropy(_NONCE_BYTES)
    sealed = AESGCM(_derived(passphrase, salt)).encrypt(nonce, plain, FORMAT.encode())
    return canonical({"format": FORMAT, "salt": salt.hex(), "nonce": nonce.hex(), "sealed": sealed.hex()}) + b"\n"


def read_back(data: bytes, passphrase: str) -> Keys:
    """What a back-up holds. Raises DamagedEnvelope: damaged, no back-up, or another passphrase."""
    try:
        stored = msgspec.json.decode(data, type=_Stored)
        if stored.format != FORMAT:
            raise DamagedEnvelope("no back-up of keys")
        key = _derived(passphrase, bytes.fromhex(stored.salt))
        plain = AESGCM(key).decrypt(bytes.fromhex(stored.nonce), bytes.fromhex(stored.sealed), FORMAT.encode())
        return msgspec.json.decode(plain, type=Keys)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedEnvelope(f"no back-up of keys: {error}") from None
    except InvalidTag:
        raise DamagedEnvelope("the passphrase is another one, or the back-up is damaged") from None


def restore(keys: Keys, folder: Path) -> None:
    """Lays the keys into a folder that has none. Raises FileExistsError, OSError."""
    if (folder / "kek.key").exists() or (folder / "signing.key").exists():
        raise FileExistsError(f"{folder} has keys already")
    make_private(folder)
    publish(folder / "kek.key", keys.first.encode() + b"\n", mode=0o600)
    publish(folder / "signing.key", keys.signing.encode() + b"\n", mode=0o600)
    ring = KekRing(folder)
    for kek in keys.keks.values():
        ring.adopt(bytes.fromhex(kek))
    for tenant, kek_id in keys.tenants.items():
        ring.adopt(ring.by_id(kek_id), tenant)
    FileKeyStore(folder)


def keys_of(folder: Path) -> Keys:
    """What a key folder holds. Raises DamagedEnvelope, FileNotFoundError for a folder without keys."""
    if not (folder / "kek.key").is_file():
        raise FileNotFoundError(f"{folder} is no key folder")
    ring = KekRing(folder)
    keks = {kek_id: kek.hex() for kek_id, kek in sorted(ring.all().items())}
    signing = own_key(folder / "signing.key", _nothing).hex()
    return Keys((folder / "kek.key").read_text(encoding="ascii").strip(), keks, ring.tenants(), signing)


def _nothing(_: int) -> bytes:
    raise DamagedEnvelope("signing.key is not there")


def _derived(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt, 32, n=1 << 17, r=8, p=1).derive(passphrase.encode())
