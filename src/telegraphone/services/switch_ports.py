"""What only some switches can do, each as a port of its own: a switch without it stays valid and offers agents less."""

from dataclasses import dataclass, field
from typing import Protocol

from telegraphone.domain.ids import LegId
from telegraphone.domain.legs import EndCause
from telegraphone.services.ports import MediaAddress, MediaKeys, MediaSource


class LegMedia(Protocol):
    """What a switch does to the sound of one leg, apart from `Switch` because not every switch can. A switch that has it
    may offer `Ability.HOLD`, `MUTE`, `SEND_DTMF` and `TRANSFER`. Unknown legs are ignored; `Unavailable("switch")` as there."""

    async def hold_music(self, leg: LegId, on: bool) -> None:
        """The leg's party hears music while it hears nobody else, or no longer."""

    async def ring_tone(self, leg: LegId, on: bool) -> None:
        """The leg's party hears that the phone it calls is ringing, while it hears nobody else, or no longer."""

    async def mute(self, leg: LegId, on: bool) -> None:
        """Nobody hears the leg's party, who still hears the others; or they are heard again. A copy of the leg is silent
        meanwhile and goes on; keypad digits pass."""

    async def send_dtmf(self, leg: LegId, digits: str) -> None:
        """Plays keypad digits (0-9 * # A-D) to the leg's party. They are not logged."""


class WarningTones(Protocol):
    """Tells parties that they are recorded. A switch that cannot mix into what a party hears has none."""

    async def warn(self, leg: LegId) -> None:
        """The leg's party hears the warning tone once, besides whatever it hears; unknown legs are ignored. Raises as
        `LegMedia`."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What parties are to hear: linear sound of 8 kHz, 16 bit, little-endian; `name` and `digest` (SHA-256, hexadecimal) of its
    file say which it was."""

    name: str
    digest: str
    linear: bytes = field(repr=False)

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return len(self.linear) / 16_000

    @property
    def reference(self) -> str:
        """What evidence calls it."""
        return f"{self.name} (sha256 {self.digest[:16]})"


class Announcements(Protocol):
    """Plays announcements to parties. A switch that plays nothing for us has none."""

    async def announce(self, leg: LegId, announcement: Announcement) -> bool:
        """The leg's party hears it from its beginning, in place of all else but keypad digits and signals, which halt it, and of
        an earlier one. Returns True when all of it was played to a party that was connected all the while; False, at once, when
        it was cut off: by the end or the hold of the leg, or by another. No copy holds it. Cancelling ends it. Raises as
        `LegMedia`."""


class ConferenceTaps(Protocol):
    """Copies of what a switch sends to a leg: all the others of a conference in one stream. A switch that has it may
    offer `Ability.CONFERENCE`."""

    async def fork_heard(self, leg: LegId, to: MediaAddress) -> MediaSource:
        """Sends a copy of all that the leg's party hears of those it is joined with to the address, until the leg ends or
        `unfork_heard`. One that leads there already goes on, one to elsewhere is replaced. Raises as `Taps.fork`."""

    async def unfork_heard(self, leg: LegId) -> None:
        """Ends the copy; unknown legs are ignored."""


class TapMutes(Protocol):
    """The second lock of a pause, behind the recorder's gate: a copy that is not even sent. A switch whose copies never leave
    this machine needs none, and one whose copies others send has none."""

    async def mute_tap(self, leg: LegId, on: bool, *, heard: bool = False) -> None:
        """The copy of what the leg's party says, or with `heard` of what it hears, is not sent, or is sent again. Muting
        returns before it is done, so that no pause waits for it; unmuting when it is done, or after a moment. It raises
        nothing: what fails is logged, and a copy that may have stayed mute is opened anew. Unknown legs are ignored."""


class Monitoring(Protocol):
    """A supervisor's ear in other people's conversation, and a voice that only some of them hear: nobody (listening in),
    the agent (coaching). To be heard by all and recorded is to be joined. A switch that has it may offer `Ability.MONITOR`."""

    async def monitor(self, supervisor: LegId, monitored: LegId, audible_to: frozenset[LegId]) -> None:
        """The supervisor's party leaves its bridge, hears what the monitored leg's party says and hears from others, and is
        heard by the parties of `audible_to` besides whom these are joined with.

        Follows the monitored leg through every later `join`; repeating it replaces it. Ends with `unmonitor`, with either
        leg, and when the supervisor's leg is joined. No copy of another leg holds the supervisor's voice, hold music is not
        passed on, and who is muted is not heard. Raises as `Taps.fork`."""

    async def unmonitor(self, supervisor: LegId) -> None:
        """The supervisor's party hears nobody and is heard by nobody; unknown legs are ignored."""


class Trunks(Protocol):
    """By what a switch reaches numbers that are no phone's of its own."""

    def lead_to(self, number: str) -> bool:
        """Whether a call to this number leaves by one."""


class Outside(Protocol):
    """Where the world outside begins."""

    def is_outside(self, number: str, *, seen_from: str) -> bool:
        """Whether a call to this number by the phone `seen_from` leaves by a trunk."""


class PhoneAnswers(Protocol):
    """Tells phones what came of what people asked for by them. A switch that reports a `PhoneRequest` has it."""

    async def settle(self, request: str, cause: EndCause | None) -> None:
        """It is done (None), was refused (DECLINED), could not be done (FAILED), or why the party was not reached. The
        first answer counts; requests that are not known are ignored, since their phone no longer waits."""


class Intakes(Protocol):
    """RTP ports of the recorder that are open for as long as a call, for switches whose peers send their audio straight
    to it; in between recordings whatever arrives there is thrown away unseen."""

    def open_intake(self, name: str, *, any_port: bool = False) -> MediaAddress:
        """Opens a port under a name that was never used. With `any_port` its audio may come from any port of an address: once
        it is closed, the next call gets it only when nobody can be sending any more. Raises `RecorderFull`."""

    def assign_intake(self, leg: LegId, name: str | None) -> None:
        """From now on a recording that is begun of this leg takes its audio from there. None: the leg is over."""

    def close_intake(self, name: str) -> None:
        """Gives the port back when no recording uses it any more; unknown names are ignored."""

    def is_heard(self, name: str) -> bool:
        """Whether audio is arriving there; it can only be seen while a recording uses the port."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """No packet has come since this moment, at the latest, up to the newest look; monotonic seconds."""

    since: float
    looked: float


class QuietPackets(Protocol):
    """Where the recorder takes packets to others and has had none for a while. It cannot tell whose party says nothing from
    what it misses: whoever the packets are for can, by counting those that arrive there."""

    def at(self, place: MediaAddress) -> Quiet | None:
        """For how long none has come that arrives at this place; None where one came a moment ago, or none is to be taken."""

    def missed(self, place: MediaAddress, since: float | None) -> None:
        """Packets did arrive there since this monotonic second, None: since the newest one that came here. The recording that
        should have them is told to be dead there, and they are missing in it."""


class Handshakes(Protocol):
    """Agreement on keys over the path of the audio itself, for peers that do not signal them (DTLS-SRTP)."""

    @property
    def fingerprint(self) -> str:
        """The hash of the certificate that peers will see, as session descriptions have it."""

    async def shake_hands(self, intake: str, peer: MediaAddress, fingerprints: tuple[str, ...], *, active: bool) -> MediaKeys:
        """By what `peer`, whose certificate has one of these hashes, encrypts what it sends to an open intake that no
        recording is aimed at; `active` when we begin. Raises `Unavailable("recorder")` when they do not agree in time."""
