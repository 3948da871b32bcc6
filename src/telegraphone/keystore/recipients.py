"""Data keys for somebody outside: wrapped to a customer's public key, so that the customer can open recordings without us.

`hpke`: RFC 9180, X25519, HKDF-SHA256, AES-256-GCM, in base mode; the info is the envelope's context (tenant, key id, recipient).
`rsa-oaep`: RFC 8017, SHA-256, label empty, at least 3,072 bits; it cannot bind a context, so the wrapped text begins with
its SHA-256. Neither is opened here without the private key, which never belongs into this key folder.
"""

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa, x25519
from cryptography.x509 import load_pem_x509_certificate

from telegraphone.keystore.envelope import Envelope, context
from telegraphone.media.canonical import canonical
from telegraphone.media.errors import DamagedEnvelope

HPKE: Final = "hpke"
RSA: Final = "rsa-oaep"
_RSA_BITS_MIN: Final = 3_072
_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_OAEP: Final = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


class UnusableKey(ValueError):
    """A file holds no key that data keys can be wrapped to, or opened with."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody's public key; `kek_id` is the first 16 hexadecimal digits of the SHA-256 of its SubjectPublicKeyInfo."""

    key: x25519.X25519PublicKey | rsa.RSAPublicKey
    kek_id: str

    def wrap(self, tenant: str, dek_id: str, dek: bytes) -> bytes:
        """The envelope as canonical JSON; for `hpke`, `wrapped` is the encapsulated key and the ciphertext."""
        bound = context(tenant, dek_id, self.kek_id)
        if isinstance(self.key, rsa.RSAPublicKey):
            kind, wrapped = RSA, self.key.encrypt(hashlib.sha256(bound).digest() + dek, _OAEP)
        else:
            kind, wrapped = HPKE, _SUITE.encrypt(dek, self.key, bound)
        return canonical(msgspec.structs.asdict(Envelope(kind, tenant, dek_id, self.kek_id, "", wrapped.hex())))


def read_recipient(path: Path) -> Recipient:
    """The public key or certificate in a PEM file. Raises UnusableKey, OSError."""
    data = path.read_bytes()
    try:
        if b"BEGIN CERTIFICATE" in data:
            key: object = load_pem_x509_certificate(data).public_key()
        else:
            key = serialization.load_pem_public_key(data)
    except ValueError as error:
        raise UnusableKey(f"{path}: {error}") from None
    return recipient(key, str(path))


def recipient(key: object, name: str) -> Recipient:
    """A recipient of this key. Raises UnusableKey."""
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < _RSA_BITS_MIN:
        raise UnusableKey(f"{name}: an RSA key of {key.key_size} bits; at least {_RSA_BITS_MIN} are needed")
    if not isinstance(key, rsa.RSAPublicKey | x25519.X25519PublicKey):
        raise UnusableKey(f"{name}: holds neither an RSA nor an X25519 public key")
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return Recipient(key, hashlib.sha256(spki).hexdigest()[:16])


def open_envelope(envelope: Envelope, private_key: object) -> bytes:
    """The data key, with the recipient's private key. Raises DamagedEnvelope, UnusableKey."""
    bound, wrapped = context(envelope.tenant, envelope.dek_id, envelope.kek_id), bytes.fromhex(envelope.wrapped)
    try:
        if isinstance(private_key, x25519.X25519PrivateKey) and envelope.wrapper == HPKE:
            return _SUITE.decrypt(wrapped, private_key, bound)
        if isinstance(private_key, rsa.RSAPrivateKey) and envelope.wrapper == RSA:
            plain = private_key.decrypt(wrapped, _OAEP)
            if hmac.compare_digest(plain[:32], hashlib.sha256(bound).digest()):
                return plain[32:]
            raise DamagedEnvelope(f"the envelope of {envelope.dek_id} was made for another place")
    except (InvalidTag, ValueError):
        raise DamagedEnvelope(f"the envelope of {envelope.dek_id} does not open with this private key") from None
    raise UnusableKey(f"the envelope is of kind {envelope.wrapper}, and the private key is not")
