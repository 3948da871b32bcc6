"""The switches of one node, made from its configuration."""

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path

import structlog

from telegraphone.capture.client import RecorderClient
from telegraphone.capture.packet_group import PacketGroup
from telegraphone.config import AsteriskEntry, Config, Phone, Secret, TrunkEntry, announcement_in
from telegraphone.domain.legs import Keeping
from telegraphone.domain.recording import Trigger
from telegraphone.endpoints.clock import SystemClock
from telegraphone.endpoints.sip_tls import SipTls, server_context
from telegraphone.services.switch_ports import QuietPackets
from telegraphone.switches.asterisk import AsteriskSwitch
from telegraphone.switches.exchange import Account, Answering, Exchange
from telegraphone.switches.siprec import Admission, SiprecServer, Trunk

log = structlog.get_logger()


def make_exchange(config: Config, clock: SystemClock) -> tuple[Exchange, ...]:
    """The embedded exchange; not started yet. None where an Asterisk has all the phones. Raises OSError for certificate
    files that cannot be used."""
    settings = config.exchange
    if config.asterisk and not config.phones:
        return ()
    exchange = Exchange(
        host=settings.sip_host,
        port=settings.sip_port,
        advertised_host=settings.rtp_host,
        rtp_ports=(settings.rtp_port_first, settings.rtp_port_last),
        realm=settings.realm,
        accounts=[_account(each) for each in config.phones],
        latching=settings.latching,
        digest_algorithms=settings.digest_algorithms,
        tls=_sip_tls(config),
        sip_info=config.phone_control.sip_info,
        feature_codes=config.feature_codes(),
        rtp_timeout_s=config.exchange.rtp_timeout_s,
        announcements=[announcement_in(each.announcement).linear for each in config.consent if each.announcement],
        clock=clock,
    )
    return (exchange,)


def _sip_tls(config: Config) -> SipTls:
    settings = config.exchange
    if not settings.tls_port:
        return SipTls()
    context = server_context(Path(settings.tls_certificate), Path(settings.tls_key))
    return SipTls(server=context, port=settings.tls_port)


def make_siprec(config: Config, recorder: RecorderClient, clock: SystemClock) -> tuple[SiprecServer, ...]:
    """The recording server, if there is anybody who may call it."""
    settings, tls = config.siprec, SipTls()
    if not config.trunks:
        return ()
    if settings.tls_port:
        authorities = Path(settings.tls_client_authorities) if settings.tls_client_authorities else None
        context = server_context(Path(settings.tls_certificate), Path(settings.tls_key), authorities)
        tls = SipTls(server=context, port=settings.tls_port)
    server = SiprecServer(
        host=settings.sip_host,
        port=settings.sip_port,
        advertised_host=settings.advertised_host,
        media_host=config.recorder.rtp_host,
        trunks=[_trunk(each) for each in config.trunks],
        intakes=recorder,
        handshakes=recorder.handshakes,
        admission=Admission(settings.recordings_max),
        tls=tls,
        clock=clock,
    )
    return (server,)


def make_asterisks(config: Config, clock: SystemClock, recorder: RecorderClient) -> tuple[AsteriskSwitch, ...]:
    """Every Asterisk that is configured; not reached yet."""
    packets = recorder.quiet_packets if recorder.may_take_packets else None
    return tuple(_asterisk(each, config.feature_codes(), clock, packets) for each in config.asterisk)


def packet_group(config: Config) -> PacketGroup | None:
    """What takes packets from the kernel, if any Asterisk may be recorded so and this program may. Raises OSError where it may
    not and has to."""
    ways = {each.taps for each in config.asterisk}
    if ways <= {"external-media"}:
        return None
    try:
        return PacketGroup()
    except OSError as error:
        if "packets" in ways and isinstance(error, PermissionError):
            raise PermissionError(
                'taps = "packets" needs CAP_NET_RAW (AmbientCapabilities= in the systemd unit); or use taps = "auto"'
            ) from None
        if "packets" in ways:
            raise
        log.info("packets_not_taken", reason=str(error))
        return None


def _asterisk(
    entry: AsteriskEntry, codes: dict[str, Trigger], clock: SystemClock, packets: QuietPackets | None
) -> AsteriskSwitch:
    assert isinstance(entry.password, Secret), "reading the configuration completes it"
    record_key = {entry.record_on: Trigger.START, entry.record_off: Trigger.STOP}
    return AsteriskSwitch(
        name=entry.name,
        url=entry.url,
        user=entry.user,
        password=entry.password.reveal(),
        app=entry.application,
        named_devices={number: endpoint for number, _, endpoint in (each.partition("=") for each in entry.devices)},
        outbound=entry.outbound,
        lifts=entry.answer == "auto",
        feature_codes=codes | {keys: trigger for keys, trigger in record_key.items() if keys},
        rtp_ports=(entry.rtp_port_first, entry.rtp_port_last),
        packets=packets if entry.taps != "external-media" else None,
        surely_here=entry.taps == "packets",
        clock=clock,
    )


def _trunk(entry: TrunkEntry) -> Trunk:
    return Trunk(
        name=entry.name,
        sources=tuple(ipaddress.ip_network(each) for each in entry.sources),
        certificates=frozenset(each.lower() for each in entry.certificates),
        keeping=Keeping(entry.recording.replace("-", " ")),
        required=entry.recording_required,
        strict=entry.strict,
        codecs=entry.codecs,
        keys_under_avp=entry.keys_under_avp,
        built_in_bridge=entry.profile == "cisco-bib",
        any_port=entry.source_port == "any",
        voices={line.strip(): whose.strip() for line, _, whose in (each.rpartition("=") for each in entry.voices)},
        devices={aor.strip().lower(): number.strip() for aor, _, number in (each.rpartition("=") for each in entry.devices)},
        device_pattern=re.compile(entry.device_pattern) if entry.device_pattern else None,
        first_is_called=entry.first_is_called,
        call_uuid_from=tuple(each.lower() for each in entry.call_uuid_from),
        user_data_from={
            name.strip().lower(): key.strip() for name, _, key in (each.partition("=") for each in entry.user_data_from)
        },
        call_s_max=entry.call_s_max,
        tenant=entry.tenant,
        orders=_orders(entry),
        keep_snapshots=entry.keep_snapshots,
    )


def _orders(entry: TrunkEntry) -> Mapping[tuple[str, str], Trigger]:
    """What a header field with a value orders, from texts like `X-Action: hold-it=pause`."""
    said = (each.rpartition("=") for each in entry.orders)
    named = ((field.partition(":"), trigger) for field, _, trigger in said)
    return {(name.strip().lower(), value.strip().lower()): Trigger(trigger.strip()) for (name, _, value), trigger in named}


def _account(phone: Phone) -> Account:
    assert isinstance(phone.password, Secret), "reading the configuration completes it"
    return Account(phone.number, phone.user, phone.password.reveal(), answering=Answering(phone.answer))
