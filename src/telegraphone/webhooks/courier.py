"""Posts messages to receivers, and to nobody inside: a `Courier` that looks where a name leads before it goes there.

Theory. A URL that an operator once wrote down can lead anywhere later: by DNS, or by an answer that sends us on. So the name
is looked up by us, every address it has must be a public one, the connection goes to the address that was looked at, and
no redirect is followed (ASVS 1.3.6). Only a webhook that says `allow_private` may be inside.
"""

import asyncio
import hashlib
import hmac
import ipaddress
import socket
from typing import Final
from urllib.parse import SplitResult, urlsplit

import httpx

from telegraphone.limits import WEBHOOK_ANSWER_S
from telegraphone.services.ports import Unavailable
from telegraphone.services.webhooks import Message, Webhook

PORT = "webhook"
_GLOBAL_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses of IPv4 as a NAT64 writes them (RFC 6052 section 2.1)."""


class HttpCourier:
    """A `Courier` over HTTP."""

    async def deliver(self, webhook: Webhook, message: Message) -> None:
        """See `Courier.deliver`."""
        place = urlsplit(webhook.url)
        try:
            async with asyncio.timeout(WEBHOOK_ANSWER_S):
                address = await _address(place, allow_private=webhook.allow_private)
                status = await _posted(place, address, message)
        except TimeoutError:
            raise Unavailable(PORT, "no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise Unavailable(PORT, type(error).__name__) from error
        if not 200 <= status < 300:
            raise Unavailable(PORT, f"answered {status}")

    def sign(self, secret: bytes, text: bytes) -> bytes:
        """See `Courier.sign`."""
        return hmac.new(secret, text, hashlib.sha256).digest()


async def _address(place: SplitResult, *, allow_private: bool) -> str:
    """An address of the receiver that may be gone to. Raises `Unavailable` when any of its addresses may not: a name that
    leads inside as well as outside is an attack or a mistake."""
    assert place.hostname is not None, "the configuration was checked"
    port = place.port or (443 if place.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(place.hostname, port, type=socket.SOCK_STREAM)
    addresses = [str(address[0]) for *_, address in found]
    if not allow_private and not all(_is_public(each) for each in addresses):
        raise Unavailable(PORT, "the name leads to an address that is not public", retryable=False)
    return addresses[0]


def _is_public(text: str) -> bool:
    """Whether an address is anybody's to go to. One that leads to another is as public as that; of IPv6 nothing but global
    unicast addresses are (RFC 4291 section 2.4), whatever else a router might make of them."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is None:
            return address in _GLOBAL_UNICAST and address.is_global
        address = inner
    return address.is_global and not address.is_multicast


async def _posted(place: SplitResult, address: str, message: Message) -> int:
    host = f"[{address}]" if ":" in address else address
    port = f":{place.port}" if place.port else ""
    url = place._replace(netloc=host + port, fragment="").geturl()
    headers = {**message.headers, "Host": place.netloc.rpartition("@")[2], "User-Agent": "Telegraphone"}
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=WEBHOOK_ANSWER_S) as http:
        # The certificate must be that of the name, though the connection goes to the address.
        extensions = {"sni_hostname": place.hostname}
        request = http.build_request("POST", url, content=message.body, headers=headers, extensions=extensions)
        answer = await http.send(request, stream=True)
        await answer.aclose()
    return answer.status_code
