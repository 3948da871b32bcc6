"""What a rule of the API is played on: desktops that ask and are told, and phones that people use, simulated or real.

A rule says what a client sends and what it must get; it does not know whether the switch behind the server exists. Waiting
is the stage's business: `settle` returns when nothing more follows from what was done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from telegraphone.web.settings import Compatibility

Json = dict[str, Any]

ONE, TWO, SILENT, SUPERVISOR = "agent.one", "agent.two", "agent.silent", "supervisor.one"
"""Agents at 5001, 5002 and 5003, the last without the recording feature, and a supervisor at 5004."""

DN: Mapping[str, str] = {ONE: "5001", TWO: "5002", SILENT: "5003", SUPERVISOR: "5004"}
CUSTOMER, COLLEAGUE, NOBODY = "5000", "5005", "5999"
"""Two phones without an agent, and a number nobody has."""

NUMBERS = (CUSTOMER, *DN.values(), COLLEAGUE)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: its status and its body."""

    status: int
    body: Json

    @property
    def pair(self) -> tuple[int, int]:
        """As the document writes it: `400/2`."""
        return self.status, self.body["statusCode"]

    @property
    def text(self) -> str:
        return str(self.body.get("statusMessage", ""))


class Handset(Protocol):
    """One phone, as its user handles it. `answer` waits until it rings."""

    async def call(self, number: str) -> None: ...
    async def answer(self) -> None: ...
    async def hold(self) -> None: ...
    async def retrieve(self) -> None: ...
    async def hang_up(self) -> None: ...


class Stage(Protocol):
    """A server with its desktops and phones."""

    @property
    def mode(self) -> Compatibility: ...

    @property
    def url(self) -> str:
        """What links begin with, up to and including the port."""

    async def ask(self, user: str, method: str, path: str, body: object = None) -> Answer:
        """A request of this user's desktop; a text as body is sent as it is, anything else as JSON."""

    async def settle(self) -> None:
        """Returns when everybody has been told of everything that has happened."""

    def told(self, user: str) -> list[Json]:
        """The CometD messages this user's desktop got since `forget`, in order, as `{"channel": …, "data": …}`."""

    def forget(self) -> None:
        """What was told so far is of no interest."""

    def handset(self, number: str) -> Handset: ...

    async def busy(self, number: str) -> None:
        """The phone of this number refuses calls from now on, until the rule is over."""

    async def clear(self) -> None:
        """Ends every call, whatever state it is in."""
