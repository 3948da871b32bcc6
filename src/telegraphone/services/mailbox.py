"""What waits for a call's actor: a bounded line of facts and commands, and the alarms the actor sets for itself."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from telegraphone.domain.ids import CallUuid, LegId
from telegraphone.domain.legs import LegFact
from telegraphone.domain.operations import Operation
from telegraphone.domain.pausing import Fit
from telegraphone.limits import COMMANDS_WAITING_MAX, MAILBOX_MAX
from telegraphone.services.catalogue import By
from telegraphone.services.ports import Clock, MediaSource, RecorderEvent, Unavailable

Estate = TypeVar("Estate")


class MailboxOverflow(Exception):
    """More happened to one call than it could take in; it ends, because its memory is not worth the others'."""


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asks of a call: by whom, at which leg, and the operation's own arguments. `number` is a destination or
    a participant, `other` the other call of a pair, `other_leg` the same party's leg there when its phone has one for each;
    digits may be card data and are shown nowhere. `request` is what a phone asked by (`domain.phone_requests`)."""

    operation: Operation
    call: CallUuid
    leg: LegId
    by: By
    user_data: Mapping[str, object] = field(default_factory=dict)
    key: str = ""
    number: str = ""
    digits: str = field(default="", repr=False)
    other: str = ""
    other_leg: LegId | None = None
    request: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and where its answer goes; the asker may have gone away."""

    command: Command
    answer: "asyncio.Future[None]"

    def done(self) -> None:
        """It has taken effect."""
        if not self.answer.done():
            self.answer.set_result(None)

    def failed(self, error: Exception) -> None:
        """It has not."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(frozen=True, slots=True)
class MediaMoved:
    """A leg's audio, or that of those it hears, now comes in another form."""

    leg: LegId
    source: MediaSource
    heard: bool = False


@dataclass(frozen=True, slots=True)
class RingingTooLong:
    """Nobody has answered this leg."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class PausedTooLong:
    """The recording of this call may still be in its pause of this number; `resumes` whether it is to go on by itself."""

    call: CallUuid
    pause: int
    resumes: bool


@dataclass(frozen=True, slots=True)
class PauseRuleDue:
    """A rule for pauses has come to the end of its waiting, or of its pause, if it still fits as it did."""

    call: CallUuid
    fit: Fit


@dataclass(frozen=True, slots=True)
class ToneDue:
    """The parties of this call may have to hear again that they are recorded."""

    call: CallUuid


@dataclass(frozen=True, slots=True)
class AnnouncementOver:
    """An announcement plays no longer to this leg's party: it was heard to its end, cut off, or not played for this `error`."""

    leg: LegId
    announcement: str
    heard: bool = False
    error: Unavailable | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody may watch the agent at this number from now on."""

    number: str


@dataclass(frozen=True, slots=True)
class AnswerDue:
    """Whoever had this leg called must now be answered, whatever is known of it."""

    leg: LegId


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The released call need not be known any longer."""

    call: CallUuid


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The service shuts down."""


@dataclass(frozen=True, slots=True)
class Surrender(Generic[Estate]):
    """Another actor wants these calls: their owner stands still from `given` on, until `taken` says whether it has them."""

    given: "asyncio.Future[Estate]"
    taken: "asyncio.Future[bool]"

    @property
    def absorbed(self) -> "Absorbed":
        """The same for the actor that wants them."""
        return Absorbed(self)

    def refused(self) -> None:
        """One of the two actors is over already, or did not wait."""
        if not self.given.done():
            self.given.set_exception(Unavailable("call", "the call is over"))
        if not self.taken.done():
            self.taken.set_result(False)


@dataclass(frozen=True, slots=True)
class Absorbed:
    """The calls of another actor belong to this one from now on, once they are given."""

    wish: Surrender[Any]


Alarm = RingingTooLong | PausedTooLong | PauseRuleDue | ToneDue | AnnouncementOver | Watched | AnswerDue | Forgotten | GivenUp
Input = LegFact | RecorderEvent | Asked | MediaMoved | Alarm | Surrender[Any] | Absorbed


class Mailbox:
    """Inputs in order of arrival, from any task to one. Commands leave room for facts; when facts overflow it all the
    same, `get` raises `MailboxOverflow`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: asyncio.Queue[Input] = asyncio.Queue(MAILBOX_MAX)
        self._overflowed = False
        self._closed = False
        self._heir: Mailbox | None = None
        self._alarms: set[asyncio.Task[None]] = set()

    def put(self, what: Input) -> None:
        """Adds an input; never blocks, never raises."""
        if self._heir is not None:
            self._heir.put(what)
            return
        if not self._closed:
            try:
                self._waiting.put_nowait(what)
            except asyncio.QueueFull:
                self._overflowed = True
            else:
                return
        _refuse(what)

    def put_later(self, seconds: float, what: Input) -> None:
        """Adds an input when this time has passed, unless the mailbox is closed by then."""
        # Cancelled by `close`, and it raises nothing that anybody could miss.
        self.keep(asyncio.create_task(self._put_at(self._clock.now() + seconds, what)))

    def keep(self, alarm: "asyncio.Task[None]") -> None:
        """Cancels this alarm too when the mailbox is closed."""
        self._alarms.add(alarm)
        alarm.add_done_callback(self._alarms.discard)

    async def ask(self, command: Command) -> None:
        """Returns when the command has been obeyed, or raises, as `submit` says."""
        await self.submit(command)

    def submit(self, command: Command) -> "asyncio.Future[None]":
        """Adds a command. The answer comes when it has been obeyed, or is what the actor raised, or `Unavailable` when the
        mailbox is crowded or closed."""
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._waiting.qsize() >= COMMANDS_WAITING_MAX:
            answer.set_exception(Unavailable("call", "too many operations waiting"))
        else:
            self.put(Asked(command, answer))
        return answer

    def bequeath(self, heir: "Mailbox") -> None:
        """All that waits, all that comes and all alarms go to another mailbox from now on."""
        self._heir = heir
        while not self._waiting.empty():
            heir.put(self._waiting.get_nowait())
        for alarm in self._alarms:
            heir.keep(alarm)
        self._alarms = set()

    async def get(self) -> Input:
        """The next input."""
        what = await self._waiting.get()
        if self._overflowed:
            _refuse(what)
            raise MailboxOverflow
        return what

    def close(self) -> None:
        """Refuses everything that waits and will come, and sets no alarm off any more."""
        self._closed = True
        for alarm in self._alarms:
            alarm.cancel()
        while not self._waiting.empty():
            _refuse(self._waiting.get_nowait())

    async def _put_at(self, deadline: float, what: Input) -> None:
        await self._clock.sleep_until(deadline)
        self.put(what)


def _refuse(what: Input) -> None:
    if isinstance(what, Asked):
        what.failed(Unavailable("call", "the call is over"))
    elif isinstance(what, Surrender):
        what.refused()
    elif isinstance(what, Absorbed):
        what.wish.refused()
