"""RTP ports that are open before a recording is and stay open after it: where a recording client sends to all the time.

Who forks audio by SIPREC is told one port for each stream when the call begins, whether or not it is being recorded then,
and cannot be asked to send elsewhere later (siprec.md, Q19). So such a port is opened for the call, lent to each recording
made of it, and in between the kernel throws away whatever arrives at it.
"""

import socket
from dataclasses import dataclass

from telegraphone.capture import sockets
from telegraphone.domain.ids import LegId
from telegraphone.endpoints.media_ports import SocketPair


@dataclass(slots=True)
class _Intake:
    pair: SocketPair
    lent: bool = False


class Intakes:
    """Pairs of sockets by the name their owner gave them, and whose audio arrives at each."""

    def __init__(self) -> None:
        self._open: dict[str, _Intake] = {}
        self._of_leg: dict[LegId, str] = {}

    def add(self, name: str, pair: SocketPair) -> None:
        """A pair under a new name; nothing is received yet."""
        assert name not in self._open, "a name is used once"
        self._open[name] = _Intake(pair)

    def assign(self, leg: LegId, name: str | None) -> None:
        """From now on recordings of this leg take its audio from there; None: the leg is over."""
        if name is None:
            self._of_leg.pop(leg, None)
        else:
            self._of_leg[leg] = name

    def remove(self, name: str) -> SocketPair | None:
        """Forgets an intake. Its pair may go back to the pool now, unless it is lent: then `give_back` says so later."""
        intake = self._open.pop(name, None)
        return intake.pair if intake is not None and not intake.lent else None

    def lend(self, leg: LegId) -> SocketPair | None:
        """The pair at which this leg's audio arrives, emptied, for one recording; None if there is none that is free."""
        intake = self._at(leg)
        if intake is None or intake.lent:
            return None
        intake.lent = True
        for each in intake.pair:
            sockets.deliver_nothing(each)
            sockets.throw_away(each)
        return intake.pair

    def lent(self, leg: LegId) -> SocketPair | None:
        """The pair at which this leg's audio arrives, if a recording has it now."""
        intake = self._at(leg)
        return intake.pair if intake is not None and intake.lent else None

    def _at(self, leg: LegId) -> _Intake | None:
        return self._open.get(self._of_leg.get(leg, ""))

    def give_back(self, pair: SocketPair) -> bool:
        """A recording is over. True when the pair is still an intake's: then it stays open."""
        intake = next((each for each in self._open.values() if each.pair is pair), None)
        if intake is None:
            return False
        intake.lent = False
        for each in pair:
            sockets.deliver_nothing(each)
        return True

    def is_heard(self, name: str) -> bool:
        """Whether RTP waits at a port that is lent now: the recorder reads it twice a second, so a look that finds nothing
        proves nothing, and several that do, silence."""
        intake = self._open.get(name)
        if intake is None or not intake.lent:
            return False
        try:
            intake.pair[0].recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:
            return False
        return True

    def rtp(self, name: str) -> socket.socket | None:
        """The RTP socket of an intake, None if it is closed."""
        intake = self._open.get(name)
        return None if intake is None else intake.pair[0]

    def pairs(self) -> tuple[SocketPair, ...]:
        """Every open pair that no recording has."""
        return tuple(each.pair for each in self._open.values() if not each.lent)
