"""Runs handshakes on the ports where a recording client's audio arrives (DTLS-SRTP), beside the recorder that reads them.

A second socket on the same port, connected to the client, gets all that the client sends until it is closed: the kernel
prefers a connected socket. So a handshake needs neither the recorder's worker nor its filters, and nobody else's datagrams
can disturb it (fault F23). When the keys are known it is closed, and audio arrives where it is recorded. A client that lost
our last datagrams would ask for them there in vain, so these are sent three times.
"""

import asyncio
import ctypes
import socket
import sys
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Final

from telegraphone.capture.intakes import Intakes
from telegraphone.limits import HANDSHAKE_S
from telegraphone.services.ports import MediaAddress, MediaKeys, Unavailable

if TYPE_CHECKING:
    from telegraphone.capture.dtls import AgreedKeys, Handshake, Identity

PORT: Final = "recorder"

_DATAGRAM_BYTES: Final = 2_048
_REPEATS_S: Final = (0.03, 0.1)
_UNSPECIFIED: Final = b"\0" * 16


class Handshakes:
    """`services.switch_ports.Handshakes` on the intakes of a recorder."""

    def __init__(self, intakes: Intakes) -> None:
        self._intakes = intakes

    @cached_property
    def _identity(self) -> "Identity":
        # OpenSSL's binding takes its time and its memory, and most recorders never need it.
        from telegraphone.capture.dtls import Identity

        return Identity()

    @property
    def fingerprint(self) -> str:
        """See `Handshakes.fingerprint`."""
        return self._identity.fingerprint

    async def shake_hands(self, intake: str, peer: MediaAddress, fingerprints: tuple[str, ...], *, active: bool) -> MediaKeys:
        """See `Handshakes.shake_hands`."""
        from telegraphone.capture.dtls import HandshakeFailed

        port = self._intakes.rtp(intake)
        if port is None:
            raise Unavailable(PORT, "the port is closed", retryable=False)
        try:
            keys = await agreed(self._identity, port, (peer.host, peer.port), fingerprints, active=active)
        except (HandshakeFailed, OSError) as error:
            raise Unavailable(PORT, f"no keys were agreed on: {error}", retryable=False) from error
        return MediaKeys(keys.suite, keys.master, keys.own)


async def agreed(
    identity: "Identity", port: socket.socket, peer: tuple[str, int], fingerprints: tuple[str, ...], *, active: bool
) -> "AgreedKeys":
    """The keys by which `peer` encrypts what it sends to the port, which must not be read meanwhile. Raises
    HandshakeFailed, after HANDSHAKE_S at the latest, and OSError."""
    from telegraphone.capture.dtls import Handshake, HandshakeFailed

    handshake = Handshake(identity, fingerprints, active=active)
    beside = _beside(port, peer)
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            keys, last = await _shaken(handshake, beside)
    except TimeoutError:
        raise HandshakeFailed("no handshake in time") from None
    finally:
        beside.close()
    for seconds in _REPEATS_S:
        asyncio.get_running_loop().call_later(seconds, _send_again, port, last, peer)
    return keys


async def _shaken(handshake: "Handshake", beside: socket.socket) -> "tuple[AgreedKeys, list[bytes]]":
    """The keys, and what was sent last."""
    loop = asyncio.get_running_loop()
    while True:
        sent = handshake.data_to_send()
        for datagram in sent:
            with suppress(OSError):
                beside.send(datagram)
        if handshake.keys is not None:
            return handshake.keys, sent
        try:
            async with asyncio.timeout(handshake.seconds_to_repeat()):
                datagram = await loop.sock_recv(beside, _DATAGRAM_BYTES)
        except TimeoutError:
            handshake.repeat()
        except ConnectionRefusedError:
            # The client's port is not open yet.
            await asyncio.sleep(_REPEATS_S[0])
        else:
            handshake.receive(datagram)


def _send_again(port: socket.socket, datagrams: list[bytes], peer: tuple[str, int]) -> None:
    for datagram in datagrams:
        # The port may be closed by now.
        with suppress(OSError):
            port.sendto(datagram, peer)


def _beside(port: socket.socket, peer: tuple[str, int]) -> socket.socket:
    """A second socket on this port, for what comes from the peer."""
    _release(port)
    # Nobody may ever share the port by chance, so that it can be shared lasts no longer than this.
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    beside = socket.socket(port.family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        beside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        beside.bind(port.getsockname())
        beside.connect(peer)
    except OSError:
        beside.close()
        raise
    finally:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 0)
    return beside


def _release(port: socket.socket) -> None:
    """Ends a connection that an earlier source has left, which would take what the next one sends."""
    nowhere = socket.AF_UNSPEC.to_bytes(2, sys.byteorder) + _UNSPECIFIED
    ctypes.CDLL(None, use_errno=True).connect(port.fileno(), nowhere, len(nowhere))
