"""Which PJSIP endpoint is whose phone: numbers on our side, endpoints' names on Asterisk's.

An endpoint whose name can be dialled is the phone of that number; others are named in the configuration (`5001=alice`). All
that are neither are trunks: a call from there is from its caller's number.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from telegraphone.domain.ids import Dn
from telegraphone.domain.legs import DeviceRegistered, DeviceUnregistered
from telegraphone.wire.ari.resources import AriEndpoint

_DIALLED: Final = re.compile(r"[0-9*#+]{1,32}")

DeviceFact = DeviceRegistered | DeviceUnregistered


class Devices:
    """The phones of one Asterisk, and which of them can be called."""

    def __init__(self, named: Mapping[str, str]) -> None:
        """`named`: endpoints by the numbers of phones that are not called after them."""
        self._endpoints = dict(named)
        self._numbers = {endpoint: number for number, endpoint in named.items()}
        self._online: dict[str, bool] = {}

    def number_of(self, endpoint: str) -> str | None:
        """The number of the phone at this endpoint; None for a trunk."""
        if endpoint in self._numbers:
            return self._numbers[endpoint]
        return endpoint if _DIALLED.fullmatch(endpoint) and endpoint not in self._endpoints else None

    def endpoint_of(self, number: str) -> str | None:
        """The endpoint of the phone with this number; None where there is no such phone."""
        return self._endpoints.get(number, number) if number in self._online else None

    def is_online(self, number: str) -> bool:
        """Whether the phone can be called now."""
        return self._online.get(number, False)

    def all_are(self, endpoints: Iterable[AriEndpoint]) -> tuple[DeviceFact, ...]:
        """These are all there are; what has changed by that."""
        found = {number: each.online for each in endpoints if (number := self.number_of(each.name)) is not None}
        lost = tuple(DeviceUnregistered(Dn(each)) for each, online in self._online.items() if online and each not in found)
        self._online = {number: online for number, online in self._online.items() if number in found}
        return (*lost, *(fact for number, online in found.items() for fact in self._now(number, online=online)))

    def changed(self, endpoint: AriEndpoint) -> tuple[DeviceFact, ...]:
        """This one can be called, or no longer; what has changed by that."""
        number = self.number_of(endpoint.name)
        return () if number is None else self._now(number, online=endpoint.online)

    def none_is_reached(self) -> tuple[DeviceFact, ...]:
        """Asterisk is gone, and with it every phone."""
        return tuple(fact for number in tuple(self._online) for fact in self._now(number, online=False))

    def _now(self, number: str, *, online: bool) -> tuple[DeviceFact, ...]:
        before = self._online.get(number, False)
        self._online[number] = online
        if before is online:
            return ()
        return (DeviceRegistered(Dn(number)),) if online else (DeviceUnregistered(Dn(number)),)
