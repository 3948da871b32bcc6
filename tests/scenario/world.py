"""A whole contact centre in one process on a clock that stands still: simulated phones and recorder, everything between
them real, and an HTTP client for each user.

    async with contact_centre() as world:
        await world.answered_call("5000", "5001")
        async with world.client("agent.one") as http:
            assert (await http.get("/api/v2/me/calls")).json()["statusCode"] == 0
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from argon2 import PasswordHasher

from telegraphone.database.memory import MemoryAuditTrail, MemoryCatalogue, MemoryCopies, MemoryStandings, MemoryTokens
from telegraphone.database.memory_access import MemoryApprovals, MemoryPurposes
from telegraphone.database.memory_exports import MemoryExports
from telegraphone.database.memory_labels import MemoryLabels
from telegraphone.domain.agent import AGENT_STATES, DEFAULT_FEATURES, Agent, AgentState, Device, Directory, Feature, Role
from telegraphone.domain.ids import Dn
from telegraphone.domain.legs import Ability
from telegraphone.domain.naming import NamePattern
from telegraphone.domain.permissions import Action
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.services.agents import Agents
from telegraphone.services.approvals import FourEyes
from telegraphone.services.audit import AuditLine
from telegraphone.services.calls import Calls
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.copies import Copies
from telegraphone.services.evidence import Evidence
from telegraphone.services.export_jobs import BulkExports
from telegraphone.services.export_orders import ExportOrders
from telegraphone.services.federation import Federation, Provider
from telegraphone.services.keeping import Keeping
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.services.ports import Notification
from telegraphone.services.purposes import Purposes
from telegraphone.services.reconciliation import Reconciliation
from telegraphone.services.recovery import RecoveredParts
from telegraphone.services.redactions import Redactions
from telegraphone.services.surroundings import Policies, Surroundings
from telegraphone.services.tokens import Tokens
from telegraphone.services.webhooks import Webhook, Webhooks
from telegraphone.storage.notary import SignedStatements
from telegraphone.switches.simulated import EVERY_ABILITY, SimulatedSwitch
from telegraphone.web.app import RecordingUses, WebApp, WebPorts
from telegraphone.web.cometd import Notifications
from telegraphone.web.gws.links import Links
from telegraphone.web.gws.recording_shapes import RecordingShapes
from telegraphone.web.gws.representations import Shapes
from telegraphone.web.gws.wording import ApiWording
from telegraphone.web.notifier import CometdNotifier
from telegraphone.web.settings import Compatibility, WebSettings
from tests.scenario.archive import SimulatedArchive, SimulatedPackages
from tests.scenario.clock import VirtualClock, settle
from tests.scenario.courier import SimulatedCourier
from tests.scenario.player import SimulatedPlayer
from tests.scenario.recorder import SimulatedRecorder

URL = "http://127.0.0.1:8080"
DEFAULTS = WebSettings(URL)
MORNING = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASH = HASHER.hash(PASSWORD)

DEVICE_ID = "55b8023d-573d-48d3-b4ac-e29ba3c5861d"
NUMBERS = ("5000", "5001", "5002", "5003")
ABILITIES = EVERY_ABILITY - {Ability.MUTE}
"""Those of the installation whose events are documented."""
NO_POLICY = Policies()


def _agent(user_name: str, number: int, *roles: Role, dn: str = "", listens: bool = False) -> Agent:
    device_id = DEVICE_ID if dn == "5001" else f"00000000-0000-4000-8000-{number:012}"
    return Agent(
        user_name,
        f"{number:032x}",
        first_name=user_name.partition(".")[0].title(),
        last_name=user_name.partition(".")[2].title(),
        roles=frozenset(roles),
        device=Device(device_id, Dn(dn)) if dn else None,
        listens=listens,
    )


AGENTS = (
    _agent("agent.one", 1, Role.AGENT, dn="5001"),
    _agent("agent.two", 2, Role.AGENT, dn="5002"),
    replace(_agent("agent.silent", 3, Role.AGENT, dn="5003"), features=DEFAULT_FEATURES - {Feature.VOICE_RECORDING}),
    _agent("agent.phoneless", 4, Role.AGENT),
    _agent("supervisor.one", 5, Role.SUPERVISOR),
    _agent("compliance.one", 6, Role.COMPLIANCE),
    _agent("admin.one", 7, Role.ADMIN),
    _agent("admin.listening", 8, Role.ADMIN, listens=True),
)
"""5000 is a phone with no agent; 5001 to 5003 have one each, the last without the recording feature."""

Event = dict[str, Any]


@dataclass(slots=True)
class EventLog:
    """Everything agents were told: as the use cases said it, and as CometD messages by user and channel."""

    notices: list[Notification] = field(default_factory=list)
    messages: list[tuple[str, Event]] = field(default_factory=list)

    def of(self, user_name: str) -> list[Event]:
        """The messages a user's clients got, in order, as `{"data": …, "channel": …}`."""
        return [message for name, message in self.messages if name == user_name]

    def told(self, user_name: str) -> list[tuple[str, str]]:
        """The same, in brief: notification type (or message type) and what matters of the state."""
        return [_brief(message["data"]) for message in self.of(user_name)]

    def forget(self) -> None:
        """From here on."""
        self.notices.clear()
        self.messages.clear()


def _brief(data: Event) -> tuple[str, str]:
    if "call" not in data:
        return data["messageType"], ""
    if data["notificationType"] == "CallRecordingStateChange":
        return data["notificationType"], data["call"]["recordingState"]
    return data["notificationType"], data["call"]["state"]


class _Wire:
    """A CometD hub that writes every message down before it hands it on."""

    def __init__(self, log: EventLog, notifications: Notifications) -> None:
        self._log = log
        self._notifications = notifications

    def publish(self, user_name: str, channel: str, payload: bytes) -> None:
        self._log.messages.append((user_name, {"data": msgspec.json.decode(payload), "channel": channel}))
        self._notifications.publish(user_name, channel, payload)


class _Ears:
    """A notifier that writes every notice down before it hands it on."""

    def __init__(self, log: EventLog, notifier: CometdNotifier) -> None:
        self._log = log
        self._notifier = notifier

    def publish(self, notice: Notification) -> None:
        self._log.notices.append(notice)
        self._notifier.publish(notice)


@dataclass(slots=True)
class World:
    """Everything of one contact centre that a test may look at or touch."""

    clock: VirtualClock
    switch: SimulatedSwitch
    recorder: SimulatedRecorder
    player: SimulatedPlayer
    catalogue: MemoryCatalogue
    audit: MemoryAuditTrail
    directory: Directory
    agents: Agents
    calls: Calls
    log: EventLog
    app: WebApp
    courier: SimulatedCourier
    standings: MemoryStandings
    archive: SimulatedArchive
    keys: MemoryKeyStore
    tokens: MemoryTokens
    packages: SimulatedPackages
    orders: ExportOrders
    reconciliation: Reconciliation
    copies: MemoryCopies

    @property
    def lines(self) -> list[AuditLine]:
        """The trail but for who has signed in, which every client of a test does with its first request."""
        return [line for line in self.audit.lines if (line.deed.action, line.deed.result) != ("sign in", "done")]

    def client(self, user_name: str | None = None, **options: Any) -> httpx.AsyncClient:
        """An HTTP client that sends this user's password with every request, or none."""
        auth = httpx.BasicAuth(user_name, PASSWORD) if user_name else None
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=URL, auth=auth, **options)

    async def ringing_call(self, caller: str, called: str) -> None:
        """One phone dials another, which rings."""
        self.switch.phone(caller).call(called)
        await settle()

    async def answered_call(self, caller: str, called: str) -> None:
        """One phone calls another, which answers at once."""
        await self.ringing_call(caller, called)
        self.switch.phone(called).answer()
        await settle()

    def agent(self, user_name: str) -> Agent:
        found = self.directory.by_user(user_name)
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class Asks:
    """What contact centres ask of people: a purpose, and second persons for what."""

    purpose: frozenset[str] = frozenset()
    four_eyes: Mapping[str, frozenset[Action]] = field(default_factory=dict)


NOTHING = Asks()


def _recording_uses(
    catalogue: MemoryCatalogue,
    directory: Directory,
    kept: tuple[MemoryStandings, SimulatedArchive, MemoryKeyStore, MemoryCopies],
    audit: MemoryAuditTrail,
    *,
    clock: VirtualClock,
    asks: Asks,
) -> tuple[RecordingUses, SimulatedPackages]:
    """What people may do with finished recordings."""
    standings, archive, keys, copies = kept
    library, packages = Library(catalogue, directory, audit), SimulatedPackages(archive)
    four_eyes, kept_labels = FourEyes(asks.four_eyes, MemoryApprovals(), library, clock), MemoryLabels(catalogue)
    keeping = Keeping(library, standings, archive, SignedStatements(keys), audit, four_eyes=four_eyes)
    labels, wording = Labels(library, kept_labels, kept_labels, audit, clock), ApiWording(RecordingShapes(Links(URL)))
    orders, jobs = ExportOrders(standings, labels, audit, wording), MemoryExports()
    exports = BulkExports(library, orders, (jobs, jobs), packages, clock, four_eyes=four_eyes)
    evidence = Evidence(library, standings, archive, audit, clock, four_eyes=four_eyes)
    redactions = Redactions(library, *kept[:2], copies, clock)
    purposes = Purposes(library, asks.purpose, MemoryPurposes(), clock)
    return RecordingUses(keeping, labels, evidence, redactions, orders, exports, purposes, four_eyes), packages


@asynccontextmanager
async def contact_centre(
    *,
    settings: WebSettings = DEFAULTS,
    begins: datetime = MORNING,
    host: str = "recorder.example.com",
    numbers: tuple[str, ...] = NUMBERS,
    agents: tuple[Agent, ...] = AGENTS,
    abilities: frozenset[Ability] = ABILITIES,
    policies: Policies = NO_POLICY,
    states: tuple[AgentState, ...] = AGENT_STATES,
    webhooks: tuple[Webhook, ...] = (),
    providers: tuple[Provider, ...] = (),
    asks: Asks = NOTHING,
) -> AsyncIterator[World]:
    """A contact centre that serves until the block ends."""
    clock, log, notifications, player = VirtualClock(begins), EventLog(), Notifications(), SimulatedPlayer()
    notifications.start()
    notifier = _Ears(log, CometdNotifier(Shapes.of(settings), _Wire(log, notifications), clock))
    switch, recorder = SimulatedSwitch(clock=clock, numbers=numbers, abilities=abilities), SimulatedRecorder(clock)
    catalogue, copies, audit, directory = MemoryCatalogue(), MemoryCopies(), MemoryAuditTrail(clock), Directory(agents)
    telling = Webhooks(catalogue.outbox, courier := SimulatedCourier(), clock, webhooks)
    writer, desks = CatalogueWriter(catalogue, clock, telling.look), Agents(notifier, states=states)
    names, sound = NamePattern(host, dotted_host=settings.compatibility is Compatibility.V8_5_1), switch.sound
    given = (clock, switch, switch, switch, recorder, notifier, writer, directory, names, policies, sound, sound, sound)
    around = Surroundings(*given, tap_mutes=sound, reached=desks.reached, watchers=desks.watches, copies=Copies(copies, clock))
    calls = Calls(around, desks, RecoveredParts(catalogue, writer))
    kept = MemoryStandings(catalogue), SimulatedArchive(player), MemoryKeyStore(clock.entropy)
    uses, packages = _recording_uses(catalogue, directory, (*kept, copies), audit, clock=clock, asks=asks)
    seen = (clock, directory, desks, calls, catalogue, copies, player, audit, notifications)
    ports = WebPorts(
        *seen,
        federation=Federation(providers, audit),
        tokens=Tokens(tokens := MemoryTokens(), directory, audit, clock),
        password_hashes={agent.user_name: HASH for agent in agents},
        webhooks=telling,
        archive=kept[1],
        recordings=uses,
        reconciliation=(reconciliation := Reconciliation(catalogue, kept[1], clock)),
        recorded_numbers=policies.recorded_numbers,
    )
    app, rest = WebApp(settings, ports, hasher=HASHER), (*kept, tokens, packages, uses.orders, reconciliation, copies)
    lives = (calls.run(), writer.run(), telling.run(), *(chore() for chore in app.chores))
    tasks = [asyncio.create_task(life) for life in lives]
    await settle()
    try:
        yield World(clock, switch, recorder, player, catalogue, audit, directory, desks, calls, log, app, courier, *rest)
    finally:
        recorder.stalls.clear()
        await _ended(tasks, clock, switch)
        notifications.close()


async def _ended(tasks: list[asyncio.Task[None]], clock: VirtualClock, switch: SimulatedSwitch) -> None:
    for task in tasks:
        task.cancel()
    while not all(task.done() for task in tasks):
        # Calls end in order, and what they wait for then needs time to pass.
        await clock.advance(1.0)
    await asyncio.gather(*tasks, return_exceptions=True)
    await switch.close()


def answer_of(response: httpx.Response) -> tuple[int, Any]:
    """The status and the body of an answer."""
    return response.status_code, response.json()
