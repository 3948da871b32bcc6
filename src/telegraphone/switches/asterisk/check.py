"""Says in plain words what at an Asterisk must be changed before agents' calls can be controlled and recorded there.

It looks and asks, and changes nothing. What Asterisk does not tell by ARI (rtp.conf, the firewall) it cannot judge. With a
number to dial it sends a call of its own through the dialplan, and takes the application's place meanwhile: so only where no
Telegraphone is connected.
"""

import asyncio
import ipaddress
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from telegraphone.limits import ASTERISK_PORTS_SHARE_MAX
from telegraphone.services.findings import Finding, Grade
from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.link import AriLink, AriRefused, Disconnected
from telegraphone.wire.ari import requests
from telegraphone.wire.ari.events import StasisStarted, parse_event
from telegraphone.wire.ari.resources import AriInfo, AriModule, each_of, read_settings

Settings = Mapping[str, str]

_OLDEST_SERIES: Final = 16
_SOUND_VERSION: Final = (22, 10, 1)
_BROKEN_RELEASE: Final = (22, 11)
_DIAL_S: Final = 3.0
_DENIED: Final = (401, 403)
_PAIRS_OF_A_COPIED_CALL: Final = 4
_MODULES: Final = {
    "res_ari_channels.so": "controls legs",
    "res_ari_bridges.so": "joins legs",
    "res_ari_endpoints.so": "tells which phones there are",
    "res_ari_applications.so": "chooses which events are told",
    "res_ari_events.so": "tells what happens",
    "res_stasis_snoop.so": "copies a leg's sound for the recorder, and lets supervisors listen",
    "app_stasis.so": "has the dialplan hand over calls",
    "chan_pjsip.so": "connects phones",
    "chan_rtp.so": "sends copies to the recorder",
    "res_rtp_asterisk.so": "carries sound",
    "func_channel.so": "tells where a leg's sound arrives, and how much of it",
    "func_pjsip_endpoint.so": "tells whether a leg's sound may go around Asterisk",
    "codec_ulaw.so": "decodes G.711",
    "codec_alaw.so": "decodes G.711 as spoken in Europe",
    "bridge_simple.so": "joins two legs",
    "bridge_softmix.so": "mixes conferences",
    "res_musiconhold.so": "plays music to who is on hold",
    "res_mutestream.so": "mutes",
}
"""What must run, and what for. Not all of what deploy/asterisk/modules.conf loads: a module brings what it stands on."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What Telegraphone is configured to use of this Asterisk. `phones` are endpoints by number; `trunks` endpoints."""

    url: str
    user: str
    application: str
    phones: Mapping[str, str]
    trunks: tuple[str, ...]
    recorder_host: str
    rtp_ports: tuple[int, int] = (20_000, 29_999)
    """First and last."""
    taps: str = "auto"
    """See the configuration's key of this name."""
    may_take_packets: bool = False
    """Whether this account may take packets from the kernel (CAP_NET_RAW)."""
    alone: bool = True
    """Whether every phone must be at this Asterisk, because there is no other."""
    dial: str = ""


def good(text: str) -> Finding:
    """It is as it should be."""
    return Finding(Grade.GOOD, text)


def note(text: str) -> Finding:
    """It might matter."""
    return Finding(Grade.NOTE, text)


def wrong(text: str) -> Finding:
    """It must be changed."""
    return Finding(Grade.WRONG, text)


async def check(link: AriLink, wanted: Wanted) -> list[Finding]:
    """All findings, the deciding ones first; where Asterisk cannot be asked, why that is and nothing else. Raises `Unavailable`
    when it stops answering."""
    try:
        info = await link.get(requests.info(), AriInfo.of)
    except Disconnected:
        return [wrong(f"nothing answers at {wanted.url}: start Asterisk; enabled, bindaddr and bindport in http.conf must fit")]
    except AriRefused as refused:
        return [_unusable(refused, wanted)]
    except Unavailable as error:
        return [wrong(f"what answers at {wanted.url} is no Asterisk with ARI: {error}")]
    found = {name: await _settings(link, "endpoint", name) for name in (*wanted.phones.values(), *wanted.trunks)}
    transports = sorted({each["transport"] for each in found.values() if each is not None and each.get("transport")})
    contexts = sorted({each["context"] for each in found.values() if each is not None and each.get("context")})
    near = await link.is_near()
    return [
        good(f"Asterisk {info.version} answers at {wanted.url}"),
        *about_version(info.version),
        *await _rights(link, wanted),
        await _modules(link),
        *(finding for name, each in found.items() for finding in about_endpoint(name, each, wanted)),
        *[finding for name in transports for finding in about_transport(name, await _settings(link, "transport", name) or {})],
        about_taps(wanted, near=near),
        *about_recorder(wanted),
        about_ports(wanted, sum(found[each] is not None for each in wanted.phones.values()), near=near),
        *await _dialplan(link, wanted, contexts),
    ]


# --- judging ------------------------------------------------------------------------------------------------------


def about_version(version: str) -> Iterator[Finding]:
    """What is known of a release, by its number."""
    found = re.match(r"(?:certified/)?(\d+)(?:\.(\d+))?(?:\.(\d+))?", version)
    number = tuple(int(each or 0) for each in found.groups()) if found else ()
    if not number:
        yield note(f"the version {version!r} says nothing: Telegraphone is tried on 22.10.1")
    elif number[0] < _OLDEST_SERIES:
        yield wrong(f"Asterisk {version} is too old: install 22.10.1 or a later one of series 22")
    elif number[:2] == _BROKEN_RELEASE:
        yield note(f"Asterisk {version} is known to break legs that are listened to when they are joined: use 22.10.1")
    elif number < _SOUND_VERSION:
        yield note(f"Asterisk {version} has known holes, two of them in ARI: install 22.10.1 or later")


def about_endpoint(name: str, found: Settings | None, wanted: Wanted) -> Iterator[Finding]:
    """A phone's or trunk's settings in pjsip.conf; None: there is no such endpoint."""
    if found is None and not wanted.alone and name not in wanted.trunks:
        return
    if found is None:
        yield wrong(f"there is no endpoint {name}: add [{name}] to pjsip.conf, or correct telegraphone.toml")
        return
    faults = []
    if _is_on(found, "direct_media"):
        faults.append("its sound goes around Asterisk and cannot be recorded: set direct_media = no")
    if _is_on(found, "allow_transfer"):
        faults.append("its own transfers take calls out of Telegraphone's hands, and some end Asterisk: set allow_transfer = no")
    if not found.get("context"):
        faults.append("it has no context, so its calls go nowhere: set context")
    yield from (wrong(f"endpoint {name}: {fault} in pjsip.conf") for fault in faults)
    behind = [key for key in ("rtp_symmetric", "force_rport", "rewrite_contact") if not _is_on(found, key)]
    if behind:
        yield note(f"endpoint {name}: from behind NAT it would not be heard or reached; then set {' = yes, '.join(behind)} = yes")
    if not faults:
        yield good(f"endpoint {name}, whose calls go to the context {found['context']}")


def about_transport(name: str, found: Settings) -> Iterator[Finding]:
    """What a transport of pjsip.conf says about addresses."""
    media, signalling = found.get("external_media_address", ""), found.get("external_signaling_address", "")
    if bool(media) != bool(signalling):
        missing = "external_media_address" if signalling else "external_signaling_address"
        yield wrong(f"transport {name}: beyond NAT only half of its address is told: set {missing} too in pjsip.conf")
    if (media or signalling) and not found.get("local_net"):
        yield wrong(f"transport {name}: phones inside are told the outer address too: set local_net in pjsip.conf")
    if _is_loopback(found.get("bind", "").rpartition(":")[0]):
        yield note(f"transport {name} is bound to {found['bind']}: only phones on Asterisk's own machine reach it")


def about_recorder(wanted: Wanted) -> Iterator[Finding]:
    """Whether Asterisk can reach the recorder at the address it will be told."""
    host = wanted.recorder_host
    if host in {"0.0.0.0", "::"}:  # noqa: S104 # compared, not bound
        yield wrong(f"Asterisk would be told to send copies to {host}: set rtp_host under [recorder] to this machine's address")
    elif _is_loopback(host) and not _is_loopback(urlsplit(wanted.url).hostname or ""):
        yield wrong(f"Asterisk is elsewhere and cannot send copies to {host}: set rtp_host under [recorder] to one it reaches")


def about_ports(wanted: Wanted, phones: int, *, near: bool) -> Finding:
    """For how many calls the RTP ports that Asterisk is said to have are enough, which must be one of each of its `phones` where
    all legs are copied. It tells of no ports itself; `near` as below."""
    first, last = wanted.rtp_ports
    copied = int((last - first + 1) // 2 * ASTERISK_PORTS_SHARE_MAX) // _PAIRS_OF_A_COPIED_CALL
    said = (
        f"rtp_port_first = {first} and rtp_port_last = {last} are enough for {copied} calls at once of which both legs are copied"
    )
    if copied < phones and _copies_all(wanted, near=near):
        return wrong(f"{said}, and it has {phones} phones: widen rtpstart and rtpend in rtp.conf, and these")
    unseen = "rtp.conf, which cannot be seen from here, must have them as rtpstart and rtpend, or a copy too many ends Asterisk"
    return note(f"{said}; {unseen}")


def about_taps(wanted: Wanted, *, near: bool) -> Finding:
    """How calls will be recorded, and what could make it cheaper; `near`: Asterisk runs on this machine, as it seems."""
    cost = "recording costs Asterisk two to three times what the calls do"
    grant = "add AmbientCapabilities=CAP_NET_RAW to Telegraphone's systemd unit"
    if wanted.taps == "external-media":
        cheaper = '; taps = "auto" would take packets from the kernel at hardly any cost' if near else ""
        return note(f'Asterisk sends copies of every leg, as taps = "external-media" says: {cost}{cheaper}')
    if not wanted.may_take_packets and wanted.taps == "packets":
        return wrong(f'taps = "packets" needs CAP_NET_RAW, which this account has not: {grant}, or set taps = "auto"')
    if not near and wanted.taps == "auto":
        return note(f"Asterisk is on another machine and sends copies of every leg: {cost}; on its machine packets can be taken")
    if not wanted.may_take_packets:
        return note(f"this account may not take packets, so Asterisk sends copies of every leg: {cost}; {grant}")
    return good("legs are recorded by the packets that arrive at this machine, which costs Asterisk nothing")


def _unusable(refused: AriRefused, wanted: Wanted) -> Finding:
    if refused.status in _DENIED:
        return wrong(f"Asterisk does not let {wanted.user} in: [{wanted.user}] in ari.conf needs type = user and this password")
    return wrong(
        f"a web server answers at {wanted.url}, but no ARI (status {refused.status}): set enabled = yes in ari.conf and load "
        "res_ari.so and the res_ari_… modules; prefix in http.conf belongs to url"
    )


def _copies_all(wanted: Wanted, *, near: bool) -> bool:
    return wanted.taps == "external-media" or (wanted.taps == "auto" and not (near and wanted.may_take_packets))


def _is_on(found: Settings, key: str) -> bool:
    return found.get(key, "") in {"true", "yes"}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- asking -------------------------------------------------------------------------------------------------------


async def _rights(link: AriLink, wanted: Wanted) -> list[Finding]:
    """Whether the account may change anything: it tries to end a leg that cannot exist."""
    try:
        await link.ask(requests.hang_up(f"{wanted.application}.check.{secrets.token_hex(8)}"))
    except AriRefused as refused:
        if refused.status in _DENIED:
            return [wrong(f"{wanted.user} may only look: set read_only = no under [{wanted.user}] in ari.conf")]
    return []


async def _modules(link: AriLink) -> Finding:
    found = await link.get(requests.every_module(), lambda found: each_of(found, AriModule.of))
    running = {each.name for each in found if each.running}
    missing = [f"{name} ({purpose})" for name, purpose in _MODULES.items() if name not in running]
    if missing:
        return wrong(f"these modules do not run; load them in modules.conf: {', '.join(missing)}")
    return good("all modules that are needed run")


async def _settings(link: AriLink, kind: str, name: str) -> Settings | None:
    try:
        return await link.get(requests.settings(kind, name), read_settings)
    except AriRefused:
        return None


async def _dialplan(link: AriLink, wanted: Wanted, contexts: Sequence[str]) -> list[Finding]:
    if not wanted.dial:
        return [note("the dialplan was not tried: give a number with --dial while no Telegraphone is connected")]
    if await link.do(requests.application(wanted.application)):
        return [note(f"the dialplan was not tried: a Telegraphone is connected as {wanted.application}")]
    async with link.events() as messages, asyncio.TaskGroup() as tasks:
        arrivals: dict[str, tuple[str, ...]] = {}
        changed = asyncio.Event()

        async def listen() -> None:
            async for message in messages:
                event = parse_event(message)
                if isinstance(event, StasisStarted):
                    arrivals[event.ari.id] = event.arguments
                    changed.set()

        listening = tasks.create_task(listen())
        findings = [await _dialled(link, wanted, context, arrivals, changed) for context in contexts]
        listening.cancel()
    return findings


async def _dialled(
    link: AriLink, wanted: Wanted, context: str, arrivals: Mapping[str, tuple[str, ...]], changed: asyncio.Event
) -> Finding:
    """Sends a call through one context, and ends it."""
    near = f"{wanted.application}.check.{secrets.token_hex(8)}"
    far = f"{near}.far"
    try:
        await link.ask(requests.call_dialplan(wanted.dial, context, wanted.application, near, far))
        async with asyncio.timeout(_DIAL_S):
            while far not in arrivals:
                changed.clear()
                await changed.wait()
    except (TimeoutError, AriRefused):
        return wrong(
            f"a call to {wanted.dial} in the context {context} does not reach Telegraphone: extensions.conf needs "
            f"Stasis({wanted.application},agent,${{EXTEN}}) there, or trunk where calls come from outside"
        )
    finally:
        for each in (near, far):
            await link.do(requests.hang_up(each))
    if len(arrivals[far]) != 2 or arrivals[far][0] not in {"agent", "trunk"} or arrivals[far][1] != wanted.dial:
        told = ",".join(arrivals[far])
        return wrong(f"context {context} in extensions.conf hands calls over with ({told}): that must be agent or trunk, number")
    return good(f"a call to {wanted.dial} in the context {context} is handed over, as one from {arrivals[far][0]}")
