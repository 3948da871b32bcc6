"""The node's signing key as an X.509 certificate that it has signed itself, for archives that keep certificates.

Always the same for one key: numbered by the key's hash, valid from 2020 until no date that anybody knows (RFC 5280, 4.1.2.5).
"""

import hashlib
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def self_signed(key: Ed25519PrivateKey) -> bytes:
    """The certificate, PEM."""
    raw = key.public_key().public_bytes_raw()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Telegraphone node {raw.hex()[:16]}")])
    number = int.from_bytes(hashlib.sha256(raw).digest()[:16]) >> 1 | 1
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    return builder.sign(key, None).public_bytes(serialization.Encoding.PEM)
