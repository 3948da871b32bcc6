"""Every setting of an installation, declared here and nowhere else, with its meaning beside it."""

import uuid
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, UnsetType

from telegraphone.config.access import AccessEntry
from telegraphone.config.asterisk import AsteriskEntry
from telegraphone.config.auditing import Audit
from telegraphone.config.database import Database
from telegraphone.config.oidc import OidcEntry
from telegraphone.config.policies import (
    ConsentEntry,
    PauseRuleEntry,
    PausesEntry,
    PrerollEntry,
    RecordingRuleEntry,
    RetentionEntry,
    WarningToneEntry,
)
from telegraphone.config.secret import Secret
from telegraphone.config.storing import Keys, Storage
from telegraphone.config.tenants import Tenant, TenantEntry
from telegraphone.config.trunks import Siprec, TrunkEntry
from telegraphone.config.webhooks import WebhookEntry
from telegraphone.domain.agent import AGENT_STATES, Agent, AgentState, Device, Directory, Feature, Permission, Role
from telegraphone.domain.ids import DEFAULT_TENANT, Dn
from telegraphone.domain.recording import Trigger

_NAMESPACE = uuid.UUID("6f1d2e0a-52b4-5d0e-9d0b-8c4d0f6a7b11")
"""What ids of agents and devices are derived in, so that they are the same after every start."""


Port = Annotated[int, Meta(ge=1, le=65_535)]


class Server(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[server]`: the address of the API, its shape, and where data is kept."""

    external_url: Annotated[str, Meta(description="The URL by which clients reach this server; all links begin with it.")]
    listen_host: Annotated[str, Meta(description="The address to listen on for HTTP.")] = "127.0.0.1"
    listen_port: Annotated[Port, Meta(description="The TCP port to listen on for HTTP.")] = 8080
    tls_certificate: Annotated[
        str, Meta(description="The file of the certificate chain (PEM) for HTTP by TLS; empty: a proxy in front does that.")
    ] = ""
    tls_key: Annotated[str, Meta(description="The file of its private key (PEM).")] = ""
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="The addresses of proxies whose `X-Forwarded-For` is believed; without them nobody's is."),
    ] = ()
    data_dir: Annotated[
        str, Meta(description="The folder of recordings, keys and database; relative to the configuration file.")
    ] = "telegraphone-data"
    compatibility: Annotated[
        Literal["8.5.1", "8.5.2"], Meta(description="The generation of the API whose shapes clients see.")
    ] = "8.5.1"
    allowed_origins: Annotated[
        tuple[str, ...], Meta(description="The origins of web pages that may use the API; empty: only that of `external_url`.")
    ] = ()
    csrf_protection: Annotated[
        Literal["origin", "token"],
        Meta(description="Against forged requests: `origin` checks where they come from, `token` wants a token besides."),
    ] = "origin"
    cookie_same_site: Annotated[
        Literal["Lax", "Strict", "None"], Meta(description="The SameSite rule of the sign-in cookie; `None` needs https.")
    ] = "Lax"
    playback_format: Annotated[
        Literal["mp3", "wav", "ogg"], Meta(description="The format that links to audio name; every one can be had by its ending.")
    ] = "mp3"
    host_name: Annotated[str, Meta(description="The host in the names of recordings; empty: the name of this machine.")] = ""
    recording_name_suffix: Annotated[
        str, Meta(description="The end of the names of recordings; it is percent-encoded there.")
    ] = "<cont_center_id>"


class Exchange(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[exchange]`: the SIP exchange that phones register with."""

    sip_host: Annotated[str, Meta(description="The address to listen on for SIP, over UDP and TCP.")] = "127.0.0.1"
    sip_port: Annotated[Port, Meta(description="The port to listen on for SIP.")] = 5060
    rtp_host: Annotated[str, Meta(description="The address phones send their audio to; empty: `sip_host`.")] = ""
    rtp_port_first: Annotated[Port, Meta(description="The first UDP port for phones' audio.")] = 20_000
    rtp_port_last: Annotated[Port, Meta(description="The last UDP port for phones' audio; a call takes four.")] = 23_999
    realm: Annotated[str, Meta(description="The realm phones authenticate in.")] = "telegraphone"
    digest_algorithms: Annotated[
        tuple[Literal["SHA-256", "MD5"], ...],
        Meta(min_length=1, description="How phones may prove their password, best first; old phones know MD5 alone."),
    ] = ("SHA-256", "MD5")
    latching: Annotated[
        bool,
        Meta(description="Whether a phone's first RTP packet may correct the address it signalled: for address translation."),
    ] = False
    tls_port: Annotated[int, Meta(ge=0, le=65_535, description="The port to listen on for SIP over TLS; 0: none.")] = 0
    tls_certificate: Annotated[str, Meta(description="The file of the certificate chain (PEM) for SIP over TLS.")] = ""
    tls_key: Annotated[str, Meta(description="The file of its private key (PEM).")] = ""
    ring_s: Annotated[float, Meta(gt=0, le=600, description="How long an unanswered phone rings, in seconds.")] = 60.0
    rtp_timeout_s: Annotated[
        float, Meta(ge=0, le=3_600, description="Seconds without audio after which a phone has vanished; 0: never. Not on hold.")
    ] = 60.0


class Recorder(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[recorder]`: the process that receives, encrypts and stores audio."""

    workers: Annotated[int, Meta(ge=1, le=64, description="Processes that record side by side.")] = 1
    rtp_host: Annotated[str, Meta(description="The address copies of audio are sent to.")] = "127.0.0.1"
    rtp_port_first: Annotated[Port, Meta(description="The first UDP port for copies of audio.")] = 30_000
    rtp_port_last: Annotated[Port, Meta(description="The last UDP port for copies of audio; a recording takes two.")] = 33_999
    spill_dir: Annotated[
        str, Meta(description="A folder on another disk, where recordings go on when that of `data_dir` is full or fails.")
    ] = ""
    disk_free_min_mb: Annotated[
        int, Meta(ge=0, description="Free space in `data_dir`, in megabytes, below which `/health` says that the disk is down.")
    ] = 1_000


_Keys = Annotated[str, Meta(pattern=r"^[0-9*#A-D]{0,16}$")]


class FeatureCodes(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[phone_control.feature_codes]`: keys that agents press during a call to operate its recording."""

    start: Annotated[_Keys, Meta(description="The keys that start the recording, `*31` for instance; empty: none do.")] = ""
    pause: Annotated[_Keys, Meta(description="The keys that pause it.")] = ""
    resume: Annotated[_Keys, Meta(description="The keys that resume it.")] = ""
    stop: Annotated[_Keys, Meta(description="The keys that stop it.")] = ""


class PhoneControl(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[phone_control]`: what agents may do with their phones besides calling."""

    sip_info: Annotated[
        bool, Meta(description="Whether an INFO with `Record: on` starts and `Record: off` stops the recording of the call.")
    ] = True
    feature_codes: FeatureCodes = FeatureCodes()


class Cometd(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[cometd]`: notifications to desktops."""

    websocket: Annotated[bool, Meta(description="Whether WebSocket is offered besides long-polling.")] = True


class Telemetry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[telemetry]`: what operators see of the node at work; nothing personal is in it."""

    metrics_host: Annotated[str, Meta(description="The address to listen on for Prometheus.")] = "127.0.0.1"
    metrics_port: Annotated[
        int, Meta(ge=0, le=65_535, description="The port on which Prometheus reads `/metrics`, without sign-in; 0: none.")
    ] = 0
    traces_url: Annotated[
        str, Meta(description="Where traces are sent by OTLP over HTTP, `http://collector:4318/v1/traces` for instance.")
    ] = ""


class Desk(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[desk]`: the page at `/` that agents work on."""

    enabled: Annotated[bool, Meta(description="Whether the agent desk is served.")] = True
    pause_warning_s: Annotated[
        int, Meta(ge=0, le=86_400, description="After how many seconds the desk calls out a pause of the recording; 0: never.")
    ] = 120


class Phone(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[phones]]`: one phone that may register."""

    number: Annotated[
        str, Meta(min_length=1, max_length=32, pattern=r"^[0-9A-Za-z+*#.-]+$", description="The number it is dialled by.")
    ]
    user: Annotated[str, Meta(description="The user it authenticates as; empty: its number.")] = ""
    password: Annotated[Secret | UnsetType, Meta(description="Its password, as text; or give `password_file`.")] = msgspec.UNSET
    password_file: Annotated[str, Meta(description="The file its password is in.")] = ""
    answer: Annotated[
        Literal["detect", "talk", "auto", "hand"],
        Meta(
            description="How it can be taken off the hook: `talk` by a NOTIFY with `Event: talk`, `auto` by fields in the call, "
            "`hand` not at all, `detect`: `talk` if it says so."
        ),
    ] = "detect"
    tenant: Tenant = DEFAULT_TENANT


class AgentEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[agents]]`: one user of the API."""

    user_name: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^:\x00-\x1f]+$", description="The login.")]
    password_hash: Annotated[
        Secret | UnsetType,
        Meta(
            description="The Argon2 hash of the password (`telegraphone user hash-password`); with `[[oidc]]` there may be none."
        ),
    ] = msgspec.UNSET
    password_file: Annotated[str, Meta(description="Instead of the hash: the file the password itself is in.")] = ""
    first_name: Annotated[str, Meta(description="First name, as desktops show it.")] = ""
    last_name: Annotated[str, Meta(description="Last name, as desktops show it.")] = ""
    phone: Annotated[str, Meta(description="The number of the phone this user works at; empty: none.")] = ""
    roles: Annotated[
        tuple[Literal["agent", "supervisor", "compliance", "admin"], ...], Meta(min_length=1, description="What this user is.")
    ] = ("agent",)
    features: Annotated[
        tuple[Literal["api-voice", "api-voice-recording", "api-supervisor-monitoring"], ...],
        Meta(description="What this user may use."),
    ] = ("api-voice", "api-voice-recording")
    recorded: Annotated[bool, Meta(description="Whether this agent's calls are recorded from the start.")] = False
    listens: Annotated[bool, Meta(description="Whether an administrator may listen to recordings.")] = False
    tenant: Tenant = DEFAULT_TENANT
    team: Annotated[str, Meta(max_length=64, description="The team this agent works in; empty: none.")] = ""
    supervised: Annotated[
        tuple[str, ...],
        Meta(description="The teams whose recordings a supervisor may find and hear; empty: those of the whole contact centre."),
    ] = ()
    permissions: Annotated[
        tuple[
            Literal[
                "RECORDING_PERMISSION_APPLY_NON_DELETE",
                "RECORDING_PERMISSION_ADD_LABEL_DEFINITION",
                "RECORDING_PERMISSION_DELETE_LABEL_DEFINITION",
                "RECORDING_PERMISSION_ADD_LABEL",
                "RECORDING_PERMISSION_DELETE_LABEL",
            ],
            ...,
        ],
        Meta(description="What this user may do with recordings, as far as a role covers it; an administrator has them all."),
    ] = tuple(each.value for each in Permission)


class AgentStateEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[agent_states]]`: one more reason for which an agent takes no calls, besides the built-in states."""

    operation_name: Annotated[
        str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$", description="The operation that sets it, `Lunch` for instance.")
    ]
    display_name: Annotated[str, Meta(description="Its name, as desktops show it; empty: that of the operation.")] = ""
    reason: Annotated[str, Meta(description="The reason it carries; empty: the name of the operation.")] = ""


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole configuration. `read` fills in what depends on the machine: paths are absolute, passwords were read."""

    server: Server
    exchange: Exchange = Exchange()
    recorder: Recorder = Recorder()
    database: Database = Database()
    storage: Storage = Storage()
    keys: Keys = Keys()
    audit: Audit = Audit()
    phone_control: PhoneControl = PhoneControl()
    cometd: Cometd = Cometd()
    desk: Desk = Desk()
    siprec: Siprec = Siprec()
    telemetry: Telemetry = Telemetry()
    phones: tuple[Phone, ...] = ()
    agent_states: tuple[AgentStateEntry, ...] = ()
    agents: tuple[AgentEntry, ...] = ()
    trunks: tuple[TrunkEntry, ...] = ()
    webhooks: tuple[WebhookEntry, ...] = ()
    asterisk: tuple[AsteriskEntry, ...] = ()
    recording_rules: tuple[RecordingRuleEntry, ...] = ()
    consent: tuple[ConsentEntry, ...] = ()
    warning_tones: tuple[WarningToneEntry, ...] = ()
    preroll: tuple[PrerollEntry, ...] = ()
    pause_rules: tuple[PauseRuleEntry, ...] = ()
    pauses: tuple[PausesEntry, ...] = ()
    retention: tuple[RetentionEntry, ...] = ()
    access: tuple[AccessEntry, ...] = ()
    tenants: tuple[TenantEntry, ...] = ()
    oidc: tuple[OidcEntry, ...] = ()

    def directory(self) -> Directory:
        """The users as the rules know them."""
        return Directory(self.users(), {entry.number: entry.tenant for entry in self.phones})

    def users(self) -> tuple[Agent, ...]:
        """All users of the API with their rights."""
        return tuple(_agent(entry) for entry in self.agents)

    def states(self) -> tuple[AgentState, ...]:
        """The states an agent can be in: the built-in ones, then those of this installation."""
        return (*AGENT_STATES, *(_agent_state(entry) for entry in self.agent_states))

    def recorded_numbers(self) -> frozenset[str]:
        """The phones of agents whose calls are recorded from the start."""
        return frozenset(entry.phone for entry in self.agents if entry.recorded and entry.phone)

    def feature_codes(self) -> dict[str, Trigger]:
        """What the keys of phones do to recordings, by the keys."""
        given = msgspec.structs.asdict(self.phone_control.feature_codes)
        return {keys: Trigger(name) for name, keys in given.items() if keys}

    def password_hashes(self) -> dict[str, str]:
        """The Argon2 hash of each user's password; not of those who sign in elsewhere alone."""
        return {entry.user_name: entry.password_hash.reveal() for entry in self.agents if isinstance(entry.password_hash, Secret)}


def revealed(secret: Secret | UnsetType) -> str:
    """The text of a secret that reading the file has made sure of."""
    assert isinstance(secret, Secret), "read() refuses a file without it"
    return secret.reveal()


def _agent(entry: AgentEntry) -> Agent:
    device = Device(str(uuid.uuid5(_NAMESPACE, f"device {entry.phone}")), Dn(entry.phone)) if entry.phone else None
    return Agent(
        entry.user_name,
        uuid.uuid5(_NAMESPACE, f"user {entry.user_name}").hex,
        entry.first_name,
        entry.last_name,
        frozenset(Role(role) for role in entry.roles),
        frozenset(Feature(feature) for feature in entry.features),
        device,
        entry.listens,
        entry.tenant,
        entry.team,
        frozenset(entry.supervised),
        frozenset(Permission(each) for each in entry.permissions),
    )


def _agent_state(entry: AgentStateEntry) -> AgentState:
    name = entry.operation_name
    state_id = str(uuid.uuid5(_NAMESPACE, f"agent state {name}")).upper()
    return AgentState(state_id, name, entry.display_name or name, "NotReady", reason=entry.reason or name)
