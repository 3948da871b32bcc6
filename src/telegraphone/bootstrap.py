"""Where ports meet adapters: builds one node from its configuration, runs it, and takes it down in the right order.

The order of the end matters more than that of the beginning: calls first, so that every recording is sealed and every
agent told; then the desktops' connections; then the switch; the recorder and the database last, because all of the
others still write to them.
"""

import asyncio
import ipaddress
import logging
import os
import re
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.capture.client import RecorderClient
from telegraphone.config import Config, Phone, Secret, TrunkEntry
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.desks import SqlDesks
from telegraphone.database.engine import answers, migrate, open_engine, sqlite_url
from telegraphone.domain.legs import Keeping
from telegraphone.domain.naming import NamePattern
from telegraphone.endpoints.clock import SystemClock
from telegraphone.endpoints.sip_tls import SipTls, server_context
from telegraphone.keystore.file import FileKeyStore
from telegraphone.limits import WORKER_STOP_S
from telegraphone.playback import SealedPlayer
from telegraphone.services.agents import Agents
from telegraphone.services.calls import Calls
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.recovery import RecoveredParts
from telegraphone.services.surroundings import Policies, Surroundings
from telegraphone.services.switch_router import SwitchRouter
from telegraphone.storage.folder_lock import lock
from telegraphone.storage.local import LocalSource
from telegraphone.switches.exchange import Account, Answering, Exchange
from telegraphone.switches.siprec import SiprecServer, Trunk
from telegraphone.web.admin.health import Check
from telegraphone.web.app import WebApp, WebPorts
from telegraphone.web.cometd import CometdWebSocket, Notifications, http_connections
from telegraphone.web.desk import desk_files
from telegraphone.web.gws.representations import Shapes
from telegraphone.web.notifier import CometdNotifier
from telegraphone.web.serving import HttpServer, Listening
from telegraphone.web.settings import Compatibility, WebSettings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Places:
    """Where one installation keeps its things."""

    data: Path

    @property
    def keys(self) -> Path:
        """Wrapped data keys, the key that wraps them, and the signing key."""
        return self.data / "keys"

    @property
    def recordings(self) -> Path:
        """Everything sealed."""
        return self.data / "audio"

    @property
    def database(self) -> Path:
        """The list of recordings and the audit trail."""
        return self.data / "telegraphone.db"


async def serve(config: Config) -> None:
    """Runs a node until SIGTERM or SIGINT; returns when everything is closed. Raises OSError for a port that is taken
    or a certificate that cannot be used, `FolderInUse` for a data folder that another node serves, and `Unavailable` for a
    database or recorder that does not start."""
    set_up_logging()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        parts = await _parts(config, stack)
        # A task that fails ends the node: half a recorder must not look like one.
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        await _calls(parts, tasks, stack)
        await _web(config, parts, tasks, stack)
        log.info("serving", url=config.server.external_url, sip=f"{config.exchange.sip_host}:{config.exchange.sip_port}")
        await stop.wait()
        log.info("stopping")


@dataclass(frozen=True, slots=True)
class _Parts:
    """One node's use cases and the adapters that outlive the building of it."""

    world: Surroundings
    agents: Agents
    calls: Calls
    recovered: RecoveredParts
    recorder: RecorderClient
    switches: tuple[Exchange | SiprecServer, ...]
    app: WebApp
    notifications: Notifications


async def _parts(config: Config, stack: AsyncExitStack) -> _Parts:
    """Builds everything and opens what must be open before a call can come; the stack closes it in reverse."""
    places, clock = Places(Path(config.server.data_dir)), SystemClock()
    lent = _locked(places, stack)
    keys, engine = FileKeyStore(places.keys), await _database(places, stack)
    catalogue = SqlCatalogue(engine)
    writer = CatalogueWriter(catalogue, clock)
    stack.push_async_callback(writer.flush)
    recorder, exchange = _recorder(config, places, lent), _exchange(config, clock)
    siprec = _siprec(config, recorder, clock)
    switch = SwitchRouter(exchange, siprec)
    settings, notifications = _web_settings(config), Notifications(websocket=config.cometd.websocket)
    notifier = CometdNotifier(Shapes.of(settings), notifications, clock)
    agents = Agents(notifier, states=config.states(), kept=SqlDesks(engine))
    await agents.load(config.directory())
    world = Surroundings(
        clock=clock,
        switch=switch,
        taps=switch,
        switch_events=switch,
        recorder=recorder,
        notifier=notifier,
        catalogue=writer,
        directory=config.directory(),
        names=_names(config),
        policies=Policies(ring_s=config.exchange.ring_s, recorded_numbers=config.recorded_numbers()),
        leg_media=exchange.sound,
        conference_taps=exchange.sound,
        monitoring=exchange.sound,
        reached=agents.reached,
        phone_answers=exchange.requests,
        watchers=agents.watches,
    )
    calls = Calls(world, agents, recovered := RecoveredParts(catalogue, writer))
    ports = WebPorts(
        clock=clock,
        directory=world.directory,
        agents=agents,
        calls=calls,
        catalogue=catalogue,
        player=SealedPlayer(LocalSource(places.recordings), keys, {keys.public_key()}),
        audit=SqlAuditTrail(engine, clock),
        notifications=notifications,
        password_hashes=config.password_hashes(),
        checks=_checks(config, recorder, exchange, engine),
        recorded_numbers=config.recorded_numbers(),
        pages=desk_files(config.desk.pause_warning_s) if config.desk.enabled else {},
    )
    return _Parts(world, agents, calls, recovered, recorder, (exchange, *siprec), WebApp(settings, ports), notifications)


async def _database(places: Places, stack: AsyncExitStack) -> AsyncEngine:
    engine = open_engine(sqlite_url(places.database))
    stack.push_async_callback(engine.dispose)
    await migrate(engine)
    return engine


def _checks(config: Config, recorder: RecorderClient, exchange: Exchange, engine: AsyncEngine) -> Mapping[str, Check]:
    """Whether each part of the node works, for who asks at /health."""

    def disk() -> bool:
        return shutil.disk_usage(config.server.data_dir).free >= config.recorder.disk_free_min_mb * 1_000_000

    return {
        "recorder": lambda: all(process is not None for process in recorder.process_ids),
        # Counting fails unless the sockets are open.
        "switch": lambda: exchange.counts is not None,
        "database": lambda: answers(engine),
        "disk": disk,
    }


def _locked(places: Places, stack: AsyncExitStack) -> int:
    """Makes the data folder and keeps other nodes off it; answers the lock that recorder workers are to hold as well."""
    places.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    stack.callback(os.close, lock(places.data / "serving.lock"))
    # A node that was killed leaves workers behind, which seal what they had and then let go of this one.
    lent = lock(places.data / "recording.lock", WORKER_STOP_S)
    stack.callback(os.close, lent)
    return lent


async def _calls(parts: _Parts, tasks: asyncio.TaskGroup, stack: AsyncExitStack) -> None:
    """Starts the recorder, the switch and the calls; at the end calls are closed first and the recorder last."""
    await parts.recovered.load()
    parts.recorder.awaited = parts.recovered.awaited
    await stack.enter_async_context(parts.recorder)
    for switch in parts.switches:
        await switch.start()
        stack.push_async_callback(switch.close)
    for life in (parts.world.catalogue.run(), parts.calls.run()):
        stack.push_async_callback(_cancelled, tasks.create_task(life))
    stack.push_async_callback(parts.calls.close)


async def _web(config: Config, parts: _Parts, tasks: asyncio.TaskGroup, stack: AsyncExitStack) -> None:
    """Opens the HTTP port. It closes before the calls do, except that desktops still hear how their calls end."""
    parts.notifications.start()
    server = HttpServer(parts.app, _listening(config), http=http_connections(parts.app.short_way), ws=CometdWebSocket)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, server.renew_certificate)
    task = tasks.create_task(server.serve())
    stack.push_async_callback(_web_closed, parts, server, task)


def _listening(config: Config) -> Listening:
    server = config.server
    return Listening(
        host=server.listen_host,
        port=server.listen_port,
        certificate=Path(server.tls_certificate) if server.tls_certificate else None,
        key=Path(server.tls_key) if server.tls_key else None,
        trusted_proxies=server.trusted_proxies,
    )


async def _web_closed(parts: _Parts, server: HttpServer, task: "asyncio.Task[None]") -> None:
    await parts.calls.close()
    parts.notifications.close()
    server.close()
    await task


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _recorder(config: Config, places: Places, lent: int) -> RecorderClient:
    settings = config.recorder
    return RecorderClient(
        "telegraphone.recorder_bootstrap:worker_ports",
        (str(places.recordings), str(places.keys), settings.spill_dir),
        host=settings.rtp_host,
        first_port=settings.rtp_port_first,
        last_port=settings.rtp_port_last,
        workers=settings.workers,
        lent=(lent,),
        alarm=lambda text: log.error("recorder_alarm", text=text),
    )


def _exchange(config: Config, clock: SystemClock) -> Exchange:
    settings = config.exchange
    return Exchange(
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
        rtp_timeout_s=config.exchange.rtp_timeout_s,
        clock=clock,
    )


def _sip_tls(config: Config) -> SipTls:
    settings = config.exchange
    if not settings.tls_port:
        return SipTls()
    context = server_context(Path(settings.tls_certificate), Path(settings.tls_key))
    return SipTls(server=context, port=settings.tls_port)


def _siprec(config: Config, recorder: RecorderClient, clock: SystemClock) -> tuple[SiprecServer, ...]:
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
        tls=tls,
        clock=clock,
    )
    return (server,)


def _trunk(entry: TrunkEntry) -> Trunk:
    return Trunk(
        name=entry.name,
        sources=tuple(ipaddress.ip_network(each) for each in entry.sources),
        certificates=frozenset(each.lower() for each in entry.certificates),
        keeping=Keeping(entry.recording.replace("-", " ")),
        strict=entry.strict,
        codecs=entry.codecs,
        keys_under_avp=entry.keys_under_avp,
        devices={aor.strip().lower(): number.strip() for aor, _, number in (each.rpartition("=") for each in entry.devices)},
        device_pattern=re.compile(entry.device_pattern) if entry.device_pattern else None,
        first_is_called=entry.first_is_called,
        call_uuid_from=tuple(each.lower() for each in entry.call_uuid_from),
        user_data_from={
            name.strip().lower(): key.strip() for name, _, key in (each.partition("=") for each in entry.user_data_from)
        },
        call_s_max=entry.call_s_max,
    )


def _account(phone: Phone) -> Account:
    assert isinstance(phone.password, Secret), "reading the configuration completes it"
    return Account(phone.number, phone.user, phone.password.reveal(), answering=Answering(phone.answer))


def _names(config: Config) -> NamePattern:
    server = config.server
    return NamePattern(server.host_name, server.recording_name_suffix, dotted_host=server.compatibility == "8.5.1")


def _web_settings(config: Config) -> WebSettings:
    server = config.server
    return WebSettings(
        external_url=server.external_url,
        compatibility=Compatibility(server.compatibility),
        allowed_origins=frozenset(server.allowed_origins),
        csrf_protection=server.csrf_protection,
        cookie_same_site=server.cookie_same_site,
    )


def set_up_logging() -> None:
    """One line of JSON per fact on standard error; structlog escapes control characters, so no peer can forge a line."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
