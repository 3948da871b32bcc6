"""Makes the TLS settings of SIP connections from certificate files (RFC 3261 section 26.2, RFC 5922)."""

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class SipTls:
    """How an endpoint speaks TLS: `server` for connections it takes at `port` (0: any free one), `client` for those it
    opens. Without `client` it opens none: a phone that registered is reached by the connection it opened itself."""

    server: ssl.SSLContext | None = None
    client: ssl.SSLContext | None = None
    port: int = 0


def server_context(certificate: Path, key: Path, client_authorities: Path | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later with this certificate chain. With `client_authorities` only peers that prove a certificate of
    theirs are let in (mutual TLS). Raises OSError (ssl.SSLError is one) for files that cannot be used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(certificate, key)
    if client_authorities is not None:
        made.load_verify_locations(client_authorities)
        made.verify_mode = ssl.CERT_REQUIRED
    return made


def client_context(authorities: Path | None = None, own: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    """TLS 1.2 or later that checks the peer's certificate and name against these authorities, or the system's; `own` is
    our certificate chain and its key, for peers that ask for it. Raises OSError for files that cannot be used."""
    made = ssl.create_default_context(cafile=authorities)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if own is not None:
        made.load_cert_chain(*own)
    return made
