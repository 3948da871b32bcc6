"""Where ports meet adapters: builds one node from its configuration, runs it, and takes it down in the right order.

The order of the end matters more than that of the beginning: calls first, so that every recording is sealed and every
agent told; then the desktops' connections; then the switch; the recorder and the database last, because all of the
others still write to them.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.bootstrap.auditing import make_checkpoints
from telegraphone.bootstrap.database import DATABASE_FILE, Chore, brought_up_to_date, open_database
from telegraphone.bootstrap.draining import Draining
from telegraphone.bootstrap.federation import make_federation
from telegraphone.bootstrap.logs import set_up_logging
from telegraphone.bootstrap.policies import make_policies, write_down
from telegraphone.bootstrap.recordings import make_recording_uses, make_stocktaking
from telegraphone.bootstrap.renewing import Renewal, Reread
from telegraphone.bootstrap.retention import make_retention
from telegraphone.bootstrap.switches import make_asterisks, make_exchange, make_siprec, packet_group
from telegraphone.bootstrap.vault import Vault, keys_used, make_vault
from telegraphone.bootstrap.watching import Watching
from telegraphone.bootstrap.webhooks import make_webhooks
from telegraphone.capture.client import RecorderClient
from telegraphone.config import Config
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.copies import SqlCopies
from telegraphone.database.desks import SqlDesks
from telegraphone.database.engine import answers
from telegraphone.database.outbox import SqlOutbox
from telegraphone.database.tokens import SqlTokens
from telegraphone.domain.naming import NamePattern
from telegraphone.endpoints.clock import SystemClock
from telegraphone.limits import WORKER_STOP_S
from telegraphone.playback import SealedPlayer
from telegraphone.services.agents import Agents
from telegraphone.services.arrivals import Arrivals
from telegraphone.services.calls import Calls
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.copies import Copies
from telegraphone.services.pause_alarms import AlarmBook
from telegraphone.services.ports import Notifier, Recorder
from telegraphone.services.reconciliation import Reconciliation
from telegraphone.services.recovery import RecoveredParts
from telegraphone.services.surroundings import Surroundings
from telegraphone.services.switch_router import SwitchRouter
from telegraphone.services.tokens import Tokens
from telegraphone.storage.folder_lock import lock
from telegraphone.switches.asterisk import AsteriskSwitch
from telegraphone.switches.exchange import Exchange
from telegraphone.switches.siprec import SiprecServer
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
    def recordings(self) -> Path:
        """Everything sealed."""
        return self.data / "audio"

    @property
    def database(self) -> Path:
        """The list of recordings and the audit trail."""
        return self.data / DATABASE_FILE


async def serve(config: Config, reread: Reread) -> None:
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
        await _web(config, reread, parts, tasks, stack)
        log.info("serving", url=config.server.external_url, sip=f"{config.exchange.sip_host}:{config.exchange.sip_port}")
        await stop.wait()
        log.info("stopping")


@dataclass(frozen=True, slots=True)
class _Parts:
    """One node's use cases and the adapters that outlive the building of it; `chores` run beside the calls."""

    world: Surroundings
    agents: Agents
    calls: Calls
    recovered: RecoveredParts
    recorder: RecorderClient
    watching: Watching
    switches: tuple[Exchange | AsteriskSwitch | SiprecServer, ...]
    vault: Vault
    app: WebApp
    notifications: Notifications
    demands: Reconciliation
    chores: tuple[Chore, ...]


async def _parts(config: Config, stack: AsyncExitStack) -> _Parts:
    """Builds everything and opens what must be open before a call can come; the stack closes it in reverse."""
    places, clock = Places(Path(config.server.data_dir)), SystemClock()
    lent = _locked(places, stack)
    engine, up_to_date = await open_database(config, places.database, stack)
    catalogue = SqlCatalogue(engine, sent_on=config.storage.kind != "local")
    webhooks = make_webhooks(config, outbox := SqlOutbox(engine), clock)
    vault = make_vault(config, places.recordings, Arrivals(catalogue, outbox, clock, webhooks.look), clock)
    writer = CatalogueWriter(catalogue, clock, webhooks.look)
    stack.push_async_callback(writer.flush)
    recorder = _recorder(config, places, lent)
    phones: tuple[Exchange | AsteriskSwitch, ...] = (*make_exchange(config, clock), *make_asterisks(config, clock, recorder))
    siprec, watching = make_siprec(config, recorder, clock), Watching.of(config, clock, stack)
    settings, notifications = _web_settings(config), Notifications(websocket=config.cometd.websocket)
    notifier = CometdNotifier(Shapes.of(settings), notifications, clock)
    agents = Agents(notifier, states=config.states(), kept=SqlDesks(engine))
    demands, draining = Reconciliation(catalogue, vault.archive, clock, writer.awaits), Draining(siprec)
    loaded = await _loaded(agents, config, engine, vault, clock, up_to_date=up_to_date)
    alarms = AlarmBook(SqlAuditTrail(engine, clock), outbox, clock, webhooks.look)
    chores: tuple[Chore, ...] = (webhooks.run, demands.run, draining.run, alarms.run, *loaded)
    copies, watched, switch = _copies(engine, clock, stack), watching.recorder(recorder), SwitchRouter(phones, siprec)
    world = _world(config, clock, switch, recorder=watched, notifier=notifier, writer=writer, copies=copies, agents=agents)
    world = _with_sounds(replace(world, demands=demands, pause_alarms=watching.pause_alarms(alarms)), phones)
    calls = Calls(world, agents, recovered := RecoveredParts(catalogue, writer, copies.recovered))
    demands.is_being_made = calls.is_recording
    ports = WebPorts(
        clock=clock,
        directory=world.directory,
        agents=agents,
        calls=calls,
        catalogue=catalogue,
        copies=world.copies.store,
        player=SealedPlayer(vault.source, vault.keys, {vault.keys.public_key()}),
        audit=SqlAuditTrail(engine, clock),
        federation=make_federation(config, SqlAuditTrail(engine, clock), clock),
        tokens=Tokens(SqlTokens(engine), world.directory, SqlAuditTrail(engine, clock), clock),
        notifications=notifications,
        password_hashes=config.password_hashes(),
        webhooks=webhooks,
        archive=vault.archive,
        recordings=make_recording_uses(engine, vault, world.directory, clock, settings=settings, config=config),
        reconciliation=demands,
        checks=_checks(config, recorder, phones, engine) | _storage_check(vault),
        recorded_numbers=config.recorded_numbers(),
        pages=desk_files(config.desk.pause_warning_s) if config.desk.enabled else {},
    )
    stocktaking = make_stocktaking(engine, vault, demands.troubles, clock, config=config)
    chores = (*chores, *(app := WebApp(settings, ports)).chores, stocktaking)
    rest = (recorder, watching, (*phones, *siprec), vault, app, notifications, demands, chores)
    return _Parts(world, agents, calls, recovered, *rest)


def _with_sounds(world: Surroundings, phones: tuple[Exchange | AsteriskSwitch, ...]) -> Surroundings:
    """Who lets the parties of recorded calls hear that; only the embedded exchange does."""
    sound = next((each.sound for each in phones if isinstance(each, Exchange)), None)
    return replace(world, warning_tones=sound, announcements=sound)


async def _loaded(
    agents: Agents, config: Config, engine: AsyncEngine, vault: Vault, clock: SystemClock, *, up_to_date: bool
) -> tuple[Chore, ...]:
    """Has the agents take over what was kept of them, the policy written down, the trail signed and old recordings ended: at
    once, or when the database is there."""
    noting = partial(write_down, config, SqlAuditTrail(engine, clock), clock)
    signing = make_checkpoints(config, engine, vault, clock)
    known: tuple[Chore, ...] = (noting, signing, *make_retention(config, engine, vault, clock))
    if up_to_date:
        await agents.load(config.directory())
        return known
    return (*known, lambda: brought_up_to_date(engine, clock, lambda: agents.load(config.directory())))


def _copies(engine: AsyncEngine, clock: SystemClock, stack: AsyncExitStack) -> Copies:
    copies = Copies(SqlCopies(engine), clock)
    stack.push_async_callback(copies.flush)
    return copies


def _world(
    config: Config,
    clock: SystemClock,
    switch: SwitchRouter,
    *,
    recorder: Recorder,
    notifier: Notifier,
    writer: CatalogueWriter,
    copies: Copies,
    agents: Agents,
) -> Surroundings:
    return Surroundings(
        clock=clock,
        switch=switch,
        taps=switch,
        switch_events=switch,
        recorder=recorder,
        notifier=notifier,
        catalogue=writer,
        directory=config.directory(),
        names=_names(config),
        copies=copies,
        policies=make_policies(config),
        leg_media=switch.sound,
        conference_taps=switch.sound,
        tap_mutes=switch.sound,
        monitoring=switch.sound,
        reached=agents.reached,
        phone_answers=switch.requests,
        outside=switch,
        watchers=agents.watches,
    )


def _checks(
    config: Config, recorder: RecorderClient, phones: Sequence[Exchange | AsteriskSwitch], engine: AsyncEngine
) -> dict[str, Check]:
    """Whether each part of the node works, for who asks at /health."""

    def disk() -> bool:
        return shutil.disk_usage(config.server.data_dir).free >= config.recorder.disk_free_min_mb * 1_000_000

    return {
        "recorder": lambda: all(process is not None for process in recorder.process_ids),
        # Counting fails unless the sockets are open.
        "switch": lambda: all(each.works if isinstance(each, AsteriskSwitch) else each.counts is not None for each in phones),
        "database": lambda: answers(engine),
        "disk": disk,
    }


def _storage_check(vault: Vault) -> dict[str, Check]:
    """Whether the place that recordings are sent to takes them; nothing where they stay."""
    shipping = vault.shipping
    return {"storage": lambda: shipping.well} if shipping else {}


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
    sending = [parts.vault.shipping.run()] if parts.vault.shipping else []
    written = (parts.world.catalogue.run(), parts.world.copies.run())
    chores = [chore() for chore in parts.chores]
    for life in (*sending, *chores, *written, parts.calls.run()):
        stack.push_async_callback(_cancelled, tasks.create_task(life))
    stack.push_async_callback(parts.calls.close)


async def _web(config: Config, reread: Reread, parts: _Parts, tasks: asyncio.TaskGroup, stack: AsyncExitStack) -> None:
    """Opens the HTTP port. It closes before the calls do, except that desktops still hear how their calls end."""
    parts.notifications.start()
    metrics = _metrics_server(config, parts)
    app = parts.watching.app(parts.app)
    server = HttpServer(app, _listening(config), http=http_connections(parts.app.short_way), ws=CometdWebSocket)
    renewal = Renewal(config, reread, parts.app, server)
    stack.push_async_callback(_cancelled, tasks.create_task(renewal.run()))
    if metrics is not None:
        stack.push_async_callback(_closed, metrics, tasks.create_task(metrics.serve()))
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


def _metrics_server(config: Config, parts: _Parts) -> HttpServer | None:
    """The operators' port, if there is to be one."""
    host, port = config.telemetry.metrics_host, config.telemetry.metrics_port
    if not port:
        return None
    page = parts.watching.page(config, parts.recorder, parts.calls, parts.world.catalogue, parts.demands)
    return HttpServer(page, Listening(host=host, port=port))


async def _closed(server: HttpServer, task: "asyncio.Task[None]") -> None:
    server.close()
    await task


async def _web_closed(parts: _Parts, server: HttpServer, task: "asyncio.Task[None]") -> None:
    await parts.calls.close()
    parts.notifications.close()
    await _closed(server, task)


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _recorder(config: Config, places: Places, lent: int) -> RecorderClient:
    settings = config.recorder
    return RecorderClient(
        "telegraphone.recorder_bootstrap:worker_ports",
        (str(places.recordings), keys_used(config).to_text(), settings.spill_dir),
        host=settings.rtp_host,
        first_port=settings.rtp_port_first,
        last_port=settings.rtp_port_last,
        workers=settings.workers,
        lent=(lent,),
        packets=packet_group(config),
        alarm=lambda text: log.error("recorder_alarm", text=text),
    )


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
        playback_format=server.playback_format,
        heard_when_vouched_for=frozenset(each.tenant for each in config.access if each.provider_required),
    )
