"""Says what is known of one recording client: where it calls from, how it is to be understood, what is kept of its calls."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.domain.legs import Keeping
from telegraphone.domain.recording import Trigger
from telegraphone.limits import CALL_S_MAX
from telegraphone.wire.siprec.answering import CODECS
from telegraphone.wire.siprec.metadata import user_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """The profile of one recording client.

    `sources` are the networks it may call from; `certificates` the names its certificate may bear, and then it must come
    by TLS. `required`: what is to be recorded of its calls ends here when it cannot be recorded any more. `built_in_bridge`:
    it is no SIPREC client but a Cisco phone's own recording (siprec.md, Q17). `keys_under_avp`: keys in a line of plain RTP
    mean that it is encrypted (Q20). `any_port`: its audio may come from any port of the address it signals (8.1). `voices`:
    whether the line of this label, or at this place from 1 on, brings the "caller" or the "called" one, where its metadata
    does not say. `devices` finds a number by address of record, `device_pattern` cuts one out of the user part (its first
    group, or all of it). `call_uuid_from` and `user_data_from` name header fields or metadata elements, in lower case;
    `orders` are what a header field of this name and value, in lower case, does to the recording (Q24).
    """

    name: str
    sources: tuple[Network, ...]
    certificates: frozenset[str] = frozenset()
    keeping: Keeping = Keeping.ALWAYS
    required: bool = False
    strict: bool = False
    codecs: tuple[str, ...] = CODECS
    keys_under_avp: bool = True
    built_in_bridge: bool = False
    any_port: bool = False
    voices: Mapping[str, str] = field(default_factory=dict)
    devices: Mapping[str, str] = field(default_factory=dict)
    device_pattern: re.Pattern[str] | None = None
    first_is_called: bool = False
    call_uuid_from: tuple[str, ...] = ()
    user_data_from: Mapping[str, str] = field(default_factory=dict)
    call_s_max: float = CALL_S_MAX
    tenant: str = DEFAULT_TENANT
    orders: Mapping[tuple[str, str], Trigger] = field(default_factory=dict)
    keep_snapshots: bool = True

    def takes(self, host: str, certified: Iterable[str]) -> bool:
        """Whether a request from this address, proved by a certificate of these names, is this client's."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        if not any(address in network for network in self.sources):
            return False
        return not self.certificates or not self.certificates.isdisjoint(name.lower() for name in certified)

    def number(self, aor: str) -> str:
        """The number by which the party of this address of record is known here; "" for none."""
        if not aor:
            return ""
        found = self.devices.get(aor.lower()) or self.devices.get(aor.lower().removeprefix("sip:").removeprefix("sips:"))
        if found is not None:
            return found
        user = user_of(aor)
        match = self.device_pattern.fullmatch(user) if self.device_pattern is not None else None
        if match is None:
            return user
        return match[1] if match.re.groups else match[0]


def certified_names(certificate: Mapping[str, object]) -> frozenset[str]:
    """The names a certificate proves: its subject alternative names, or its common name where it has none."""
    alternatives = certificate.get("subjectAltName", ())
    assert isinstance(alternatives, tuple)
    names = {str(value) for kind, value in alternatives if kind in ("DNS", "IP Address", "URI")}
    if names:
        return frozenset(names)
    subject = certificate.get("subject", ())
    assert isinstance(subject, tuple)
    return frozenset(str(value) for part in subject for key, value in part if key == "commonName")
