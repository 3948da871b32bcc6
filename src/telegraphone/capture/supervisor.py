"""Keeps one recorder worker running, and keeps what it was asked until it has answered.

When the worker is lost, another one is started at once; the sockets live on in this process, so what arrives meanwhile
waits in the kernel. What was not answered is asked again: every command finds its effect in the journal if it had one.
A worker that dies again and again is given up for a while, loudly, and then tried anew: what killed it may be over.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telegraphone.capture import control
from telegraphone.limits import (
    COMMANDS_OUTSTANDING_MAX,
    WORKER_DEATH_S,
    WORKER_REST_S,
    WORKER_RESTARTS_MAX,
    WORKER_RESTARTS_WINDOW_S,
    WORKER_STOP_S,
)


class WorkerLost(Exception):
    """The worker is gone, and starting others did not help."""


@dataclass(slots=True)
class _Asked:
    command: control.AnyCommand
    descriptors: Sequence[int]
    answer: asyncio.Future[control.AnyReply]


@dataclass(slots=True)
class _Life:
    """One process and our end of its link."""

    process: asyncio.subprocess.Process
    link: socket.socket
    unsent: list[tuple[control.AnyCommand, Sequence[int]]] = field(default_factory=list)


class Supervisor:
    """One worker. `restoring` gives the commands that bring a new one up to date, each with its descriptors."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        restoring: Callable[[], Sequence[tuple[control.AnyCommand, Sequence[int]]]],
        told: Callable[[control.AnyFact], None],
        lost: Callable[[], None],
        lent: Sequence[int] = (),
    ) -> None:
        """`command` starts a worker; the number of its link's descriptor takes the place of `{link}` in it.
        `told` gets each fact, `lost` is called when the worker is given up. `lent` are descriptors each worker holds open."""
        self._command = command
        self._lent = tuple(lent)
        self._restoring = restoring
        self._told = told
        self._lost = lost
        self._life: _Life | None = None
        self._asked: dict[int, _Asked] = {}
        self._restarts: list[float] = []
        self._closing = False
        self._restart: asyncio.Task[None] | None = None
        self._rest: asyncio.TimerHandle | None = None

    @property
    def given_up(self) -> bool:
        """Whether there is no worker and none is being started."""
        return self._life is None and self._restart is None

    @property
    def process_id(self) -> int | None:
        """The worker's process, while there is one."""
        return self._life.process.pid if self._life else None

    async def start(self) -> None:
        """Starts the worker. Raises OSError when it cannot be started."""
        ours, theirs = control.pair()
        try:
            words = [word.replace("{link}", str(theirs.fileno())) for word in self._command]
            process = await asyncio.create_subprocess_exec(
                *words, stdin=asyncio.subprocess.DEVNULL, pass_fds=(theirs.fileno(), *self._lent)
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        self._life = _Life(process, ours)
        asyncio.get_running_loop().add_reader(ours.fileno(), self._readable)

    async def ask(self, command: control.AnyCommand, descriptors: Sequence[int] = ()) -> control.AnyReply:
        """The worker's reply, after however many lives. Raises WorkerLost."""
        if self.given_up:
            raise WorkerLost
        if len(self._asked) >= COMMANDS_OUTSTANDING_MAX:
            raise WorkerLost("the worker does not answer")
        answer: asyncio.Future[control.AnyReply] = asyncio.get_running_loop().create_future()
        self._asked[command.number] = _Asked(command, descriptors, answer)
        if self._life:
            self._post(command, descriptors)
        try:
            return await answer
        finally:
            self._asked.pop(command.number, None)

    async def close(self) -> None:
        """Lets the worker seal what is running, and waits for its end."""
        self._closing = True
        if self._rest:
            self._rest.cancel()
        if self._restart:
            self._restart.cancel()
        if self._life:
            process = self._life.process
            self._hang_up()
            try:
                await asyncio.wait_for(process.wait(), WORKER_STOP_S)
            except TimeoutError:
                process.kill()
                await process.wait()
        self._give_up()

    # --- the link ----------------------------------------------------------------------------------------------

    def _post(self, command: control.AnyCommand, descriptors: Sequence[int]) -> None:
        assert self._life is not None
        self._life.unsent.append((command, descriptors))
        self._writable()

    def _writable(self) -> None:
        life = self._life
        if life is None:
            return
        loop = asyncio.get_running_loop()
        while life.unsent:
            try:
                control.send(life.link, *life.unsent[0])
            except BlockingIOError:
                loop.add_writer(life.link.fileno(), self._writable)
                return
            except OSError:
                return  # the reader will see the end of the link
            life.unsent.pop(0)
        loop.remove_writer(life.link.fileno())

    def _readable(self) -> None:
        while self._life:
            try:
                message = control.receive_answer(self._life.link)
            except BlockingIOError:
                return
            except OSError:
                message = None
            if message is None:
                self._ended()
                return
            if isinstance(message, control.AnyReply):
                asked = self._asked.get(message.number)
                if asked and not asked.answer.done():
                    asked.answer.set_result(message)
            else:
                self._told(message)

    def _hang_up(self) -> None:
        life, self._life = self._life, None
        if life:
            loop = asyncio.get_running_loop()
            loop.remove_reader(life.link.fileno())
            loop.remove_writer(life.link.fileno())
            life.link.close()

    # --- another life ---------------------------------------------------------------------------------------------

    def _ended(self) -> None:
        process = self._life.process if self._life else None
        self._hang_up()
        if not self._closing and self._restart is None:
            self._replace(process)

    def _replace(self, before: asyncio.subprocess.Process | None) -> None:
        self._restart = asyncio.get_running_loop().create_task(self._again(before))
        self._restart.add_done_callback(self._restarted)

    async def _again(self, before: asyncio.subprocess.Process | None) -> None:
        """Starts another worker, tells it what the last one knew, and asks what was not answered."""
        if before:
            try:
                await asyncio.wait_for(before.wait(), WORKER_DEATH_S)
            except TimeoutError:
                before.kill()
                await before.wait()
        now = asyncio.get_running_loop().time()
        self._restarts = [at for at in self._restarts if now - at < WORKER_RESTARTS_WINDOW_S]
        if len(self._restarts) >= WORKER_RESTARTS_MAX:
            raise WorkerLost("the worker dies again and again")
        self._restarts.append(now)
        await self.start()
        restored = set()
        for command, descriptors in self._restoring():
            restored.add(command.number)
            self._post(command, descriptors)
        for asked in list(self._asked.values()):
            if asked.command.number not in restored:
                self._post(asked.command, asked.descriptors)

    def _restarted(self, task: asyncio.Task[None]) -> None:
        self._restart = None
        if task.cancelled() or self._closing:
            return
        if task.exception():
            self._give_up()
            self._lost()
            self._rest = asyncio.get_running_loop().call_later(WORKER_REST_S, self._rested)
        elif self._life is None:
            self._ended()

    def _rested(self) -> None:
        self._restarts.clear()
        self._replace(None)

    def _give_up(self) -> None:
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(WorkerLost("the worker cannot be kept running"))
        self._asked.clear()
