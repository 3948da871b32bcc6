"""The HTTP port of a node: who listens where, by TLS or without, whose word about a client's address counts, and the end."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import AI_PASSIVE, IPPROTO_TCP, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, getaddrinfo, socket

import structlog
import uvicorn
from starlette.types import ASGIApp

from telegraphone.limits import BAYEUX_BODY_BYTES_MAX

log = structlog.get_logger()

_CLOSE_S = 5
_BACKLOG = 2048
_IDLE_S = 120
"""Longer than clients keep a connection (the .NET library: 100 s), so that it is they who close it: a request that meets
the server's own closing on its way is lost, and a POST must not be sent again by the library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where to listen. With a `certificate` (a chain, PEM) and its `key` the port speaks TLS and nothing else. What
    `trusted_proxies` say about a client's address is believed; nobody else is."""

    host: str
    port: int
    certificate: Path | None = None
    key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later with this certificate. Raises OSError (ssl.SSLError is one) for files that cannot be used."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    made.load_cert_chain(certificate, key)
    return made


class _Uvicorn(uvicorn.Server):
    """uvicorn without its own signal handlers: this process has one stop, and its order is ours."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals alone."""
        yield


class HttpServer:
    """One port. Making it binds it, because a port that is taken must be an error of ours and not the end of the process
    in a library: raises OSError, also for certificate files that cannot be used."""

    def __init__(self, app: ASGIApp, listening: Listening, **connections: type) -> None:
        """`connections` are uvicorn's own settings `http` and `ws`: what it makes of a connection."""
        self._listening = listening
        self._tls = _tls(listening)
        config = uvicorn.Config(
            app,
            **connections,  # type: ignore[arg-type]  # uvicorn takes a class or a name, and says it in two kinds of type
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            proxy_headers=bool(listening.trusted_proxies),
            forwarded_allow_ips=list(listening.trusted_proxies),
            ws_max_size=BAYEUX_BODY_BYTES_MAX,
            ws_per_message_deflate=False,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=_CLOSE_S,
        )
        config.load()
        config.ssl = self._tls
        self._server = _Uvicorn(config)
        self._socket = _bound(listening.host, listening.port)

    async def serve(self) -> None:
        """Serves until `close`, and then until the last connection has ended or a few seconds have passed."""
        await self._server.serve(sockets=[self._socket])

    def close(self) -> None:
        """Takes no more connections and asks those there are to end."""
        self._server.should_exit = True

    def renew_certificate(self) -> None:
        """Reads the certificate files again; connections made from now on get the new one. Files that cannot be used
        change nothing."""
        if self._tls is None:
            return
        assert self._listening.certificate is not None
        assert self._listening.key is not None
        try:
            tls_context(self._listening.certificate, self._listening.key)
            self._tls.load_cert_chain(self._listening.certificate, self._listening.key)
        except OSError as error:
            log.error("certificate_not_renewed", error=str(error))
        else:
            log.info("certificate_renewed")


def _tls(listening: Listening) -> ssl.SSLContext | None:
    if listening.certificate is None or listening.key is None:
        return None
    return tls_context(listening.certificate, listening.key)


def _bound(host: str, port: int) -> socket:
    family, kind, protocol, _, address = getaddrinfo(host, port, type=SOCK_STREAM, flags=AI_PASSIVE)[0]
    # The protocol is named (getaddrinfo does), since the event loop turns Nagle's algorithm off only then: with it on,
    # every answer in two pieces waits 40 ms for the client's delayed acknowledgement.
    assert protocol == IPPROTO_TCP
    listener = socket(family, kind, protocol)
    listener.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
    listener.bind(address)
    listener.listen(_BACKLOG)
    return listener
