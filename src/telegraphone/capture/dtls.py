"""Agrees on the keys of a stream with who sends it, on the stream's own path: DTLS-SRTP (RFC 5763, RFC 5764).

The signalling names the hash of the other side's certificate, and that proves who it is; the certificate itself proves
nothing, and ours is made anew at every start. An engine: datagrams in and out, time as an argument of nobody, since OpenSSL
keeps its own for repeats and says when it wants to be asked.
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

_PROFILES: Final = {
    b"SRTP_AEAD_AES_128_GCM": ("AEAD_AES_128_GCM", 16, 12),
    b"SRTP_AEAD_AES_256_GCM": ("AEAD_AES_256_GCM", 32, 12),
    b"SRTP_AES128_CM_SHA1_80": ("AES_CM_128_HMAC_SHA1_80", 16, 14),
    b"SRTP_AES128_CM_SHA1_32": ("AES_CM_128_HMAC_SHA1_32", 16, 14),
}
"""By OpenSSL's names, best first: the suite as SDP calls it, and the lengths of key and salt in bytes."""
_HASHES: Final[Mapping[str, Callable[[], hashes.HashAlgorithm]]] = {
    "sha-256": hashes.SHA256,
    "sha-384": hashes.SHA384,
    "sha-512": hashes.SHA512,
}
"""Those that a certificate may be known by: older ones can be forged."""
_LABEL: Final = b"EXTRACTOR-dtls_srtp"
_DTLS_1_2: Final = 0xFEFD
_DATAGRAM_BYTES: Final = 1_200
_RECORD_HEAD_BYTES: Final = 13
_VALID: Final = datetime.timedelta(days=365)


class HandshakeFailed(Exception):
    """The other side is not who was announced, or cannot be talked to; the text says why and holds nothing of theirs."""


@dataclass(frozen=True, slots=True)
class AgreedKeys:
    """What the other side encrypts with: the suite's name in SDP, master key and salt; `own` is what we encrypt with."""

    suite: str
    master: bytes = field(repr=False)
    own: bytes = field(repr=False)


class Identity:
    """Our certificate and its key, for one run of the program."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "telegraphone")])
        now = datetime.datetime.now(datetime.UTC)
        self._certificate = (
            x509.CertificateBuilder(name, name, self._key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + _VALID)
            .sign(self._key, hashes.SHA256())
        )

    @cached_property
    def fingerprint(self) -> str:
        """As `a=fingerprint` has it (RFC 8122 section 5)."""
        return f"sha-256 {self._certificate.fingerprint(hashes.SHA256()).hex(':').upper()}"

    @cached_property
    def context(self) -> SSL.Context:
        """What connections are made of."""
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_min_proto_version(_DTLS_1_2)
        # Whose certificate it is, is decided by its hash when the handshake is done.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(self._certificate)
        context.use_privatekey(self._key)
        context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
        context.set_tlsext_use_srtp(b":".join(_PROFILES))
        return context


class Handshake:
    """One handshake. `active`: whether we begin it (RFC 4145 section 4)."""

    def __init__(self, identity: Identity, fingerprints: tuple[str, ...], *, active: bool) -> None:
        """`fingerprints` are the values of the other side's `a=fingerprint`; one of them must fit. Raises HandshakeFailed
        when none is by a hash that proves anything."""
        self._proofs = [
            (name.lower(), value.strip().replace(":", "").lower())
            for name, _, value in (each.strip().partition(" ") for each in fingerprints)
            if name.lower() in _HASHES
        ]
        if not self._proofs:
            raise HandshakeFailed("no fingerprint by a safe hash")
        self._active = active
        self._connection = SSL.Connection(identity.context, None)
        self._connection.set_ciphertext_mtu(_DATAGRAM_BYTES)
        (self._connection.set_connect_state if active else self._connection.set_accept_state)()
        self.keys: AgreedKeys | None = None
        """The outcome."""
        self._advance()

    def receive(self, datagram: bytes) -> None:
        """Takes what has come. Raises HandshakeFailed."""
        self._connection.bio_write(datagram)
        self._advance()

    def data_to_send(self) -> list[bytes]:
        """Datagrams to send now: whole records, as many as fit in each."""
        try:
            waiting = self._connection.bio_read(1 << 16)
        except SSL.WantReadError:
            return []
        datagrams: list[bytes] = []
        while waiting:
            size = _RECORD_HEAD_BYTES + int.from_bytes(waiting[11:_RECORD_HEAD_BYTES], "big")
            record, waiting = waiting[:size], waiting[size:]
            if datagrams and len(datagrams[-1]) + len(record) <= _DATAGRAM_BYTES:
                datagrams[-1] += record
            else:
                datagrams.append(record)
        return datagrams

    def seconds_to_repeat(self) -> float | None:
        """When `repeat` is due, in seconds from now; None: not at all."""
        timeout = self._connection.DTLSv1_get_timeout()
        return None if timeout is None else float(timeout)

    def repeat(self) -> None:
        """Sends again what was not answered in time. Raises HandshakeFailed when that was too often."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise HandshakeFailed("no answer") from error

    def _advance(self) -> None:
        if self.keys is not None:
            return
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error as error:
            raise HandshakeFailed("the other side does not speak DTLS 1.2 as we do") from error
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not any(
            certificate.fingerprint(_HASHES[name]()).hex() == proof for name, proof in self._proofs
        ):
            raise HandshakeFailed("the certificate is not the one that was announced")
        self.keys = self._exported()

    def _exported(self) -> AgreedKeys:
        """Their half of what both now know, and ours (RFC 5764 section 4.2): keys, then salts, the client's first."""
        profile = self._connection.get_selected_srtp_profile()
        if profile not in _PROFILES:
            raise HandshakeFailed("no suite for SRTP in common")
        suite, key_bytes, salt_bytes = _PROFILES[profile]
        material = self._connection.export_keying_material(_LABEL, 2 * (key_bytes + salt_bytes))
        keys, salts = material[: 2 * key_bytes], material[2 * key_bytes :]
        client = keys[:key_bytes] + salts[:salt_bytes]
        server = keys[key_bytes:] + salts[salt_bytes:]
        return AgreedKeys(suite, server, client) if self._active else AgreedKeys(suite, client, server)
