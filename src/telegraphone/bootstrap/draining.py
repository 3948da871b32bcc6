"""What SIGUSR1 and SIGUSR2 do: recording clients are sent to their next recorder, or taken again; calls that run go on."""

import asyncio
import signal
from collections.abc import Sequence

import structlog

from telegraphone.limits import DRAIN_LOOK_S
from telegraphone.switches.siprec import SiprecServer

log = structlog.get_logger()


class Draining:
    """Empties a node of recording sessions before it is stopped, and says when nobody is left."""

    def __init__(self, servers: Sequence[SiprecServer]) -> None:
        self._servers = tuple(servers)
        self._begun = asyncio.Event()

    async def run(self) -> None:
        """Obeys the signals until cancelled."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._drain)
        loop.add_signal_handler(signal.SIGUSR2, self._take_again)
        while await self._begun.wait():
            if not self._recordings():
                log.info("drained")
                self._begun.clear()
            await asyncio.sleep(DRAIN_LOOK_S)

    def _drain(self) -> None:
        for server in self._servers:
            server.admission.draining = True
        self._begun.set()
        log.info("draining", sessions=self._recordings())

    def _take_again(self) -> None:
        for server in self._servers:
            server.admission.draining = False
        self._begun.clear()
        log.info("taking_sessions_again")

    def _recordings(self) -> int:
        return sum(server.counts.recordings for server in self._servers)
