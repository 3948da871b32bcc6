"""A data key wrapped under another key, as text that says for whom; and the `kek-gcm` wrapper, under a key of the key store.

AES-256-GCM with a random 96-bit nonce. The wrapped key is bound to its place by what is authenticated with it: tenant,
key id and id of the wrapping key, with a zero byte between them, so that an envelope renamed or moved to another tenant
does not open (AES key wrap, RFC 3394, could not bind that). Random nonces are safe for some 2³² envelopes under one key
(NIST SP 800-38D, 8.3), a thousand years of a large centre's calls.
"""

import hashlib
import re
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from telegraphone.media.canonical import canonical
from telegraphone.media.errors import DamagedEnvelope

WRAPPER: Final = "kek-gcm"
WRAPPERS: Final = frozenset({WRAPPER, "vault-transit", "hpke", "rsa-oaep"})
NONCE_BYTES: Final = 12
_HEX = re.compile(r"(?:[0-9a-f]{2})+", re.ASCII)


class Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One wrapped data key; `nonce` and `wrapped` in hexadecimal. Only `kek-gcm` has a nonce of its own."""

    wrapper: str
    tenant: str
    dek_id: str
    kek_id: str
    nonce: str
    wrapped: str


def kek_id_of(kek: bytes) -> str:
    """A name for a wrapping key that betrays nothing of it: 16 hexadecimal digits."""
    return hashlib.sha256(b"telegraphone/v1/kek-id\0" + kek).hexdigest()[:16]


def wrap(kek: bytes, tenant: str, dek_id: str, dek: bytes, *, nonce: bytes) -> bytes:
    """The envelope as canonical JSON. `nonce` is 12 fresh random bytes."""
    kek_id = kek_id_of(kek)
    wrapped = AESGCM(kek).encrypt(nonce, dek, context(tenant, dek_id, kek_id))
    facts = Envelope(WRAPPER, tenant, dek_id, kek_id, nonce.hex(), wrapped.hex())
    return canonical(msgspec.structs.asdict(facts))


def read_envelope(data: bytes) -> Envelope:
    """What an envelope states, not yet proved. Raises DamagedEnvelope."""
    try:
        envelope = msgspec.json.decode(data, type=Envelope)
    except msgspec.MsgspecError as error:
        raise DamagedEnvelope(f"envelope: {error}") from None
    has_nonce = envelope.wrapper == WRAPPER
    if envelope.wrapper not in WRAPPERS or not (
        _HEX.fullmatch(envelope.wrapped) and (_HEX.fullmatch(envelope.nonce) if has_nonce else not envelope.nonce)
    ):
        raise DamagedEnvelope("an envelope of an unknown kind")
    return envelope


def unwrap(kek: bytes, envelope: Envelope, tenant: str, dek_id: str) -> bytes:
    """The data key, if the envelope was made for this tenant and id under this key. Raises DamagedEnvelope."""
    kek_id = kek_id_of(kek)
    if (envelope.wrapper, envelope.tenant, envelope.dek_id, envelope.kek_id) != (WRAPPER, tenant, dek_id, kek_id):
        raise DamagedEnvelope(f"the envelope of {dek_id} was made for another key or place")
    bound = context(tenant, dek_id, kek_id)
    try:
        return AESGCM(kek).decrypt(bytes.fromhex(envelope.nonce), bytes.fromhex(envelope.wrapped), bound)
    except (InvalidTag, ValueError):
        raise DamagedEnvelope(f"the envelope of {dek_id} does not open") from None


def context(tenant: str, dek_id: str, kek_id: str) -> bytes:
    """What an envelope is bound to: with a zero byte between them."""
    return b"\0".join(part.encode() for part in (tenant, dek_id, kek_id))
