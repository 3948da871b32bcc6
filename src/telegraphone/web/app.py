"""The web application: the table of every URL, and the ASGI front that sends a request to the API, to CometD or to the
operator's page, and puts on every answer what browsers must be told."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog
from argon2 import PasswordHasher
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from telegraphone.domain.agent import Agent, Directory
from telegraphone.services.agents import Agents
from telegraphone.services.approvals import FourEyes
from telegraphone.services.archive_ports import Archive
from telegraphone.services.audit import AuditTrail
from telegraphone.services.calls import Calls
from telegraphone.services.catalogue import Catalogue
from telegraphone.services.copies import CopyStore
from telegraphone.services.evidence import Evidence
from telegraphone.services.export_jobs import BulkExports
from telegraphone.services.export_orders import ExportOrders
from telegraphone.services.federation import Federation, Provider
from telegraphone.services.keeping import Keeping
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.services.mending import Menders
from telegraphone.services.player_ports import Player
from telegraphone.services.ports import Clock
from telegraphone.services.purposes import Purposes
from telegraphone.services.reconciliation import Reconciliation
from telegraphone.services.redactions import Redactions
from telegraphone.services.sign_in_book import SignInBook
from telegraphone.services.staff import Staff
from telegraphone.services.supervision import Supervision
from telegraphone.services.tokens import Tokens
from telegraphone.services.webhooks import Webhooks
from telegraphone.web import openapi
from telegraphone.web.admin import health
from telegraphone.web.admin.tokens import TokenPages
from telegraphone.web.admin.webhooks import WebhookPages
from telegraphone.web.api import Api
from telegraphone.web.auth import SIGN_IN_IN_SCOPE, Auth, CometdGatekeeper
from telegraphone.web.cometd import Cometd, Notifications, ShortWay
from telegraphone.web.gws.answers import answer, refuse
from telegraphone.web.gws.approvals import ApprovalPages
from telegraphone.web.gws.calls import MyCalls
from telegraphone.web.gws.conversations import Conversations
from telegraphone.web.gws.devices import MyDevices
from telegraphone.web.gws.errors import UNKNOWN_URL
from telegraphone.web.gws.evidence import EvidencePages
from telegraphone.web.gws.export_jobs import ExportPages
from telegraphone.web.gws.exports import Exports
from telegraphone.web.gws.labels import LabelDefinitionPages, LabelPages
from telegraphone.web.gws.links import API
from telegraphone.web.gws.me import Me
from telegraphone.web.gws.media_files import MediaFiles
from telegraphone.web.gws.mended import BestOfAll
from telegraphone.web.gws.playback import Playback
from telegraphone.web.gws.recording_operations import RecordingOperations
from telegraphone.web.gws.recording_shapes import RecordingShapes
from telegraphone.web.gws.recordings import Recordings
from telegraphone.web.gws.redactions import RedactionPages
from telegraphone.web.gws.representations import Shapes
from telegraphone.web.gws.startup import StartUp, nothing
from telegraphone.web.gws.troubles import TroublePages
from telegraphone.web.logins import LOGIN, LoginPages
from telegraphone.web.openapi import Description
from telegraphone.web.origins import Origins
from telegraphone.web.pages import PageFile, Pages
from telegraphone.web.passwords import Passwords
from telegraphone.web.routes import Route, RouteTable
from telegraphone.web.settings import WebSettings
from telegraphone.web.sign_ins import SignIns

log = structlog.get_logger()

INTERNAL = "/internal-api"
_API_ROOTS = (API + "/", INTERNAL + "/")
_COMETD_ROOTS = (f"{API}/notifications", "/genesys/cometd")


@dataclass(frozen=True, slots=True)
class RecordingUses:
    """What people may do with finished recordings."""

    keeping: Keeping
    labels: Labels
    evidence: Evidence
    redactions: Redactions
    orders: ExportOrders
    exports: BulkExports
    purposes: Purposes
    four_eyes: FourEyes


@dataclass(frozen=True, slots=True)
class WebPorts:
    """What the web face stands on: the use cases and ports of one node. `checks` say which parts of it work;
    `password_hashes` are Argon2 hashes by user name, `pages` the files that browsers load, by URL path; calls at
    `recorded_numbers` are recorded from the start."""

    clock: Clock
    directory: Directory
    agents: Agents
    calls: Calls
    catalogue: Catalogue
    copies: CopyStore
    player: Player
    audit: AuditTrail
    notifications: Notifications
    password_hashes: Mapping[str, str]
    webhooks: Webhooks
    recordings: RecordingUses
    reconciliation: Reconciliation
    archive: Archive
    tokens: Tokens
    federation: Federation
    checks: Mapping[str, health.Check] = field(default_factory=dict)
    pages: Mapping[str, PageFile] = field(default_factory=dict)
    recorded_numbers: frozenset[str] = frozenset()


def route_table(settings: WebSettings, ports: WebPorts, auth: Auth) -> RouteTable:
    """Every URL of the API."""
    shapes = Shapes.of(settings)
    me = Me(shapes, ports.agents, ports.calls, auth)
    calls = MyCalls(shapes, ports.calls)
    supervision = Supervision(ports.directory, ports.agents, ports.calls)
    devices = MyDevices(shapes, supervision, calls, recorded_numbers=ports.recorded_numbers)
    start = StartUp(shapes, ports.directory, ports.agents.states, _voice_works(ports.checks))
    description = Description(settings)
    table = RouteTable(
        [
            Route(f"{API}/me", {"GET": me.get, "POST": me.post}),
            Route(f"{API}/me/channels", {"GET": me.get_media}),
            Route(f"{API}/me/channels/{{channel}}", {"GET": me.get_medium, "POST": me.post_medium}),
            Route(f"{API}/me/calls", {"GET": calls.get_all}),
            Route(f"{API}/me/calls/{{id}}", {"GET": calls.get, "POST": calls.post}),
            Route(f"{API}/me/devices", {"GET": devices.get_all}),
            Route(f"{API}/me/devices/{{id}}", {"GET": devices.get, "POST": devices.post}),
            Route(f"{API}/me/devices/{{id}}/calls", {"GET": devices.get_calls, "POST": devices.dial}),
            Route(f"{API}/me/devices/{{id}}/settings/tserver", {"GET": devices.get_settings}),
            Route(f"{API}/me/groups", {"GET": nothing("groups")}),
            Route(f"{API}/devices/{{id}}", {"GET": devices.get}),
            Route(f"{API}/devices/{{id}}/calls", {"GET": devices.get_calls, "POST": devices.dial}),
            Route(f"{API}/devices/{{id}}/settings/tserver", {"GET": devices.get_settings}),
            *_recording_routes(settings, ports, shapes),
            *_admin_routes(ports, auth),
            Route(f"{API}/services", {"GET": start.services}),
            Route(f"{API}/groups", {"GET": nothing("groups")}),
            Route(f"{API}/workbins", {"GET": nothing("workbins")}),
            Route(f"{API}/users", {"GET": nothing("users")}),
            Route(f"{API}/contacts", {"GET": start.contacts}),
            Route(f"{API}/contacts/{{id}}", {"GET": start.contact}),
            Route(f"{API}/settings/agent-states", {"GET": start.agent_states}),
            Route(f"{API}/settings/general-settings", {"GET": start.general_settings}),
            Route(f"{API}/diagnostics/version", {"GET": start.version}),
            Route(f"{API}/openapi.json", {"GET": description.get}),
            Route(f"{INTERNAL}/me/settings", {"GET": start.own_settings}),
            Route(f"{INTERNAL}/contact-center", {"GET": start.business_attributes}),
            Route(f"{INTERNAL}/business-attributes", {"GET": start.business_attributes}),
            Route(f"{INTERNAL}/operations", {"POST": start.accepted}),
        ]
    )
    description.describe(table.routes)
    return table


def _recording_routes(settings: WebSettings, ports: WebPorts, shapes: Shapes) -> list[Route]:
    library = Library(ports.catalogue, ports.directory, ports.audit)
    shown = RecordingShapes(shapes.links, settings.playback_format)
    uses = ports.recordings
    recordings = Recordings(shown, library, uses.keeping, uses.labels, uses.purposes)
    evidence, labels = EvidencePages(uses.evidence), LabelPages(shown, uses.labels)
    definitions = LabelDefinitionPages(shown, uses.labels)
    redactions, told = RedactionPages(uses.redactions), (uses.keeping, uses.purposes)
    operations = RecordingOperations(told, evidence, redactions, labels, ports.clock)
    menders = Menders(library, ports.copies)
    media = MediaFiles(library, Playback(ports.player, ports.audit, uses.purposes), ports.player, menders)
    best = BestOfAll(shown, ports.player, menders)
    conversations = Conversations(RecordingShapes(shapes.links), library, ports.copies, best)
    exports = Exports(library, uses.orders, ports.archive, uses.purposes)
    jobs = ExportPages(shapes.links, uses.exports, uses.purposes)
    troubles, approvals = TroublePages(library, ports.reconciliation), ApprovalPages(uses.four_eyes)
    return [
        Route(f"{API}/me/permissions", {"GET": recordings.permissions}),
        Route(f"{API}/recordings", {"GET": recordings.search, "POST": operations.post_all}),
        Route(f"{API}/recordings/{{id}}", {"GET": recordings.get, "POST": operations.post, "DELETE": operations.delete}),
        Route(f"{API}/recordings/{{id}}/labels", {"GET": labels.get_all, "POST": labels.post}),
        Route(f"{API}/recordings/{{id}}/labels/{{name}}", {"GET": labels.get, "PUT": labels.put, "DELETE": labels.delete}),
        Route(f"{API}/recordings/{{id}}/conversation", {"GET": conversations.get}),
        Route(f"{API}/recordings/{{id}}/snapshots", {"GET": conversations.snapshots}),
        Route(f"{API}/recordings/{{id}}/play/{{file}}", {"GET": media.play, "HEAD": media.play}),
        Route(f"{API}/recordings/{{id}}/peaks/{{file}}", {"GET": media.peaks}),
        Route(f"{API}/recordings/{{id}}/trail", {"GET": recordings.trail}),
        Route(f"{API}/recordings/{{id}}/pauses", {"GET": evidence.report("pauses")}),
        Route(f"{API}/recordings/{{id}}/completeness", {"GET": evidence.report("completeness")}),
        Route(f"{API}/recordings/{{id}}/tombstone", {"GET": evidence.tombstone}),
        Route(f"{API}/recordings/{{id}}/export", {"GET": exports.get}),
        Route(f"{API}/reconciliation", {"GET": troubles.get}),
        Route(f"{API}/approvals", {"GET": approvals.get_all, "POST": approvals.ask}),
        Route(f"{API}/approvals/{{id}}", {"POST": approvals.post, "DELETE": approvals.delete}),
        Route(f"{API}/exports", {"GET": jobs.get_all, "POST": jobs.post}),
        Route(f"{API}/exports/{{id}}", {"GET": jobs.get, "DELETE": jobs.delete}),
        Route(f"{API}/exports/{{id}}/package", {"GET": jobs.package, "HEAD": jobs.package}),
        Route(f"{API}/recording-label-definitions", {"GET": definitions.get_all, "POST": definitions.post}),
        Route(
            f"{API}/recording-label-definitions/{{name}}",
            {"GET": definitions.get, "PUT": definitions.put, "DELETE": definitions.delete},
        ),
    ]


def _admin_routes(ports: WebPorts, auth: Auth) -> list[Route]:
    webhooks, tokens = WebhookPages(ports.webhooks, ports.audit), TokenPages(ports.tokens, auth.end_token)
    return [
        Route(f"{API}/tokens", {"GET": tokens.get_all, "POST": tokens.post}),
        Route(f"{API}/tokens/{{id}}", {"DELETE": tokens.delete}),
        Route(f"{API}/webhooks", {"GET": webhooks.get_all}),
        Route(f"{API}/webhooks/{{name}}", {"POST": webhooks.post}),
    ]


def _voice_works(checks: Mapping[str, health.Check]) -> Callable[[], Awaitable[bool]]:
    return lambda: health.works(checks.get("switch", lambda: True))


class WebApp:
    """The ASGI application of one node."""

    def __init__(self, settings: WebSettings, ports: WebPorts, *, hasher: PasswordHasher | None = None) -> None:
        """`hasher` sets the cost of what is spent on unknown users; its parameters should be those of the hashes."""
        self._settings = settings
        self._checks = ports.checks
        self._staff = Staff(ports.directory, Supervision(ports.directory, ports.agents, ports.calls))
        notifications = ports.notifications
        self.sign_ins = SignIns(ports.clock, lambda ended: notifications.end_sign_in(ended.user_name, ended.id))
        book = SignInBook(ports.directory, ports.audit, ports.clock)
        self.chores = (book.run, ports.recordings.exports.run)
        """What goes on besides while the node runs, until it is cancelled."""
        self._passwords = Passwords(ports.password_hashes, ports.clock, hasher=hasher, refused=book.wrong_password)
        self._origins = Origins(settings)
        proofs = self._passwords, ports.tokens
        self._auth = Auth(settings, ports.directory, proofs, self.sign_ins, self._origins, book=book)
        self.table = route_table(settings, ports, self._auth)
        self._api = Api(self.table, self._auth)
        gatekeeper = CometdGatekeeper(self._auth)
        self._cometd = Cometd(notifications, gatekeeper)
        self.short_way = ShortWay(notifications, gatekeeper, self._always_told)
        self._federation, self._configured = ports.federation, ports.directory.agents()
        self._logins = LoginPages(settings, ports.federation, ports.clock, self._admitted)
        self._pages = Pages({**ports.pages, **openapi.files()}, settings)
        self._always = _browser_rules(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket (ASGI); what lives as long as the server is started by who composes the node."""
        headers = Headers(scope=scope)
        application = self._application(scope)
        await application(scope, self._heard(scope, receive), self._dressed(headers, send))

    async def become(self, users: tuple[Agent, ...], password_hashes: Mapping[str, str]) -> None:
        """From now on these are the users with these passwords. Whoever has another right or password than before is signed
        out everywhere, CometD and audio that is being sent included, and may sign in again."""
        self._configured = users
        changed = self._passwords.become(password_hashes) | await self._rearranged()
        for user_name in changed:
            self.sign_ins.end_all(user_name)
        log.info("users_changed", changed=len(changed), users=len(users))

    async def _rearranged(self) -> frozenset[str]:
        """Puts together what the configuration and the identity providers say of users; who is another than before is signed
        out."""
        changed = await self._staff.become(self._federation.arranged(self._configured))
        self._passwords.forget(changed)
        for user_name in changed:
            self.sign_ins.end_all(user_name)
        return changed

    async def _admitted(self, provider: Provider, claims: dict[str, object], origin: str) -> tuple[Agent, dict[str, str]] | None:
        """Lets in whom a provider vouches for."""
        user = await self._federation.admit(provider, claims, self._configured, origin)
        await self._rearranged()
        return (user, self._auth.begin(user)) if user is not None else None

    def _application(self, scope: Scope) -> ASGIApp:
        path: str = scope["path"]
        is_cometd = any(path == root or path.startswith(root + "/") for root in _COMETD_ROOTS)
        if scope["type"] == "websocket":
            return self._cometd if is_cometd else _no_such_socket
        if is_cometd and scope["method"] != "OPTIONS":
            return self._cometd
        return self._answer

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._respond(Request(scope, receive))
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        path = request.scope["path"]
        if path == health.WELL:
            return await health.health(self._checks)
        if path == health.ALIVE:
            return health.alive()
        if request.method == "OPTIONS":
            if any(path.startswith(root) for root in _COMETD_ROOTS):
                return answer(200, {"Allow": "POST, OPTIONS", **self._origins.preflight(request.headers)})
            return self._api.preflight(request)
        if path.startswith(LOGIN):
            return await self._logins.respond(request)
        if path in self._pages:
            return self._pages.respond(request)
        if path.startswith(_API_ROOTS):
            return await self._api.respond(request)
        return refuse(UNKNOWN_URL)

    def _heard(self, scope: Scope, receive: Receive) -> Receive:
        """What a socket says keeps its sign-in alive, as a request does."""
        if scope["type"] != "websocket":
            return receive

        async def hear() -> Message:
            message = await receive()
            sign_in = scope.get(SIGN_IN_IN_SCOPE)
            if sign_in is not None:
                self._auth.keep_alive(sign_in)
            return message

        return hear

    def _dressed(self, request_headers: Headers, send: Send) -> Send:
        """Puts on every answer what its kind of browser must know."""

        async def dress(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                headers = MutableHeaders(raw=list(message.get("headers", ())))
                for name, value in self._origins.cors(request_headers).items():
                    headers[name] = value
                for name, value in self._always.items():
                    headers.setdefault(name, value)
                message = {**message, "headers": headers.raw}
            await send(message)

        return dress

    def _always_told(self, request_headers: Headers) -> Iterable[tuple[str, str]]:
        return (*self._always.items(), *self._origins.cors(request_headers).items())


def _browser_rules(settings: WebSettings) -> dict[str, str]:
    """Header fields of every answer (ASVS 3.4.1-3.4.6)."""
    rules = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    }
    if settings.secure:
        rules["Strict-Transport-Security"] = "max-age=31536000"
    return rules


async def _no_such_socket(_: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1008})
