"""One recorder process: a drain thread that wakes ten times a second, a writer, a finisher, and the program's commands.

Theory. Nobody waits for a packet. A timer fires; each socket is read when a segment of its stream will have
come; until then the kernel's buffers are the queue, which outlives this process. Commands are served as they come. When the
program goes away, everything is sealed and the process ends: without the program nobody could pause.
"""

import gc
import os
import resource
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Final

from telegraphone.capture import control
from telegraphone.capture.control import CutFact, SealedFact
from telegraphone.capture.converting import ConvertingReceiver
from telegraphone.capture.disk import GroupSink
from telegraphone.capture.files import Item, Lives, RecordingFiles, Workshop
from telegraphone.capture.finishing import Finishing, Library, nothing_kept
from telegraphone.capture.lane import Lane, new_lanes
from telegraphone.capture.receive import Receiver
from telegraphone.capture.stamp_clock import StampClock
from telegraphone.capture.surroundings import Surroundings
from telegraphone.capture.tap import Answer, Tap
from telegraphone.capture.writer import Answered, Failed, Moved, Writer
from telegraphone.limits import DRAIN_LOOK_S, DRAIN_PERIOD_S, DRIFT_WINDOW_S, RECORDINGS_PER_WORKER_MAX, WRITER_SILENT_S
from telegraphone.media.errors import DamagedEnvelope, KeyMissing
from telegraphone.media.gate import Gate
from telegraphone.media.journal import ClockNoted
from telegraphone.media.memory import Room
from telegraphone.media.pipeline import Counts
from telegraphone.media.recovery import journal_state

_TAPS_IN_A_ROW: Final = 64
_ADVANCE_S: Final = 1.0
_ADVANCE_EVERY: Final = round(_ADVANCE_S / DRAIN_LOOK_S)
_DRIFT_EVERY: Final = round(DRIFT_WINDOW_S / _ADVANCE_S)
_SHORT_EVERY: Final = 60
"""Advances after which it may be said again that memory is short."""
_PERIOD_NS: Final = round(1e9 * DRAIN_PERIOD_S)


@dataclass(frozen=True, slots=True)
class Ports:
    """What a worker is given: where to write and read, and whose keys."""

    sink: GroupSink
    library: Library
    workshop: Workshop


class Worker:
    """Everything in one process; `run` returns when the program has gone and all is sealed."""

    def __init__(self, link: socket.socket, ports: Ports) -> None:
        self._link = link
        self._ports = ports
        self._taps: dict[str, Tap] = {}
        self._receivers: dict[tuple[int, int], Receiver] = {}
        self._tickets: dict[int, Callable[[str], None]] = {}
        self._ticket = 0
        self._outcomes: deque[Callable[[], None]] = deque()
        self._woken = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._writer = Writer(ports.sink, self._wake)
        self._finishing = Finishing(ports.library)
        self._clock = StampClock()
        self._stamps_hold = True
        self._ticks = 0
        self._drain_ms_max = 0.0
        self._room = room = Room()
        self._short_from = 0
        self._ended = Counts()
        """What the tracks of recordings that are over have seen."""
        self._alarmed, self._wanted = False, True
        self._unsent: deque[control.Message] = deque()
        clocks = (time.monotonic_ns, self._clock.moment)
        self._around = Surroundings(self._drain, self._write, self._writer.store, *clocks, room, self._send)

    def run(self) -> None:
        """Serves until the other end of the link is closed."""
        self._link.setblocking(False)
        self._writer.start()
        self._finishing.start()
        self._ports.workshop.keys.start()
        poll = select.epoll()
        poll.register(self._link.fileno(), select.EPOLLIN)
        poll.register(self._woken, select.EPOLLIN)
        gc.collect()
        gc.freeze()
        due = time.monotonic() + DRAIN_LOOK_S
        while self._wanted:
            for descriptor, _ in poll.poll(max(0.0, due - time.monotonic())):
                if descriptor == self._woken:
                    os.eventfd_read(self._woken)
            self._attend()
            if time.monotonic() >= due:
                self._tick()
                due = max(due + DRAIN_LOOK_S, time.monotonic())
                self._attend()
        poll.close()
        self._seal_everything()

    def _attend(self, *, in_tick: bool = False) -> None:
        """Takes commands, deals with what the other threads have done, and sends what there is to say."""
        self._wanted = self._serve()
        self._settle()
        self._writer.hand_over(if_asked=in_tick)
        self._flush()

    # --- time -----------------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        begun = time.monotonic_ns()
        self._ticks += 1
        offset_ns, steps, enough_ns = self._offset_ns(), self._clock.steps, begun - _PERIOD_NS
        for index, (recording, tap) in enumerate(list(self._taps.items())):
            # A tick with thousands of streams takes longer than an agent's pause should wait.
            if index % _TAPS_IN_A_ROW == _TAPS_IN_A_ROW - 1 and self._wanted:
                self._attend(in_tick=True)
            due = [lane for lane in tap.lanes if lane.due_ns <= begun] if recording in self._taps else []
            if not due:
                continue
            for lane in due:
                self._receiver(lane).drain(lane, offset_ns, enough_ns)
                if lane.pipeline.busy:
                    lane.pipeline.drained(time.monotonic_ns())
                lane.read_until(begun)
            if not tap.gate.is_open:
                tap.advance(begun)
            tap.collect()
        self._stamps_hold = self._stamps_hold or steps == self._clock.steps
        if self._ticks % _ADVANCE_EVERY == 0:
            self._advance(begun, offset_ns)
        self._drain_ms_max = max(self._drain_ms_max, (time.monotonic_ns() - begun) / 1e6)

    def _advance(self, now_ns: int, offset_ns: int) -> None:
        turn = self._ticks // _ADVANCE_EVERY
        for index, tap in enumerate(self._taps.values()):
            tap.advance(now_ns)
            if (turn + index) % _DRIFT_EVERY == 0:
                for lane in tap.lanes:
                    lane.pipeline.correct(now_ns)
            for lane in tap.lanes:
                lane.report(now_ns, offset_ns)
            for news in tap.unkept(now_ns):
                self._send(news)
            tap.collect()
        if self._room.short and turn >= self._short_from:
            self._room.short, self._short_from = False, turn + _SHORT_EVERY
            self._send(control.Alarm("memory for what may not be kept yet is full: recordings begin later than they were to"))
        late = (late_s := self._writer.late_s(time.monotonic())) > WRITER_SILENT_S
        if late and not self._alarmed:
            self._send(control.Alarm(f"audio has been waiting for the disk for {late_s:.1f} s"))
        self._alarmed = late

    def _drain(self, lane: Lane) -> int:
        now_ns = time.monotonic_ns()
        self._receiver(lane).drain(lane, self._offset_ns())
        return now_ns

    def _offset_ns(self) -> int:
        """What the system clock is ahead; 0 when it was set and stamps of the old time may still wait in the kernel."""
        step_ns = self._clock.look()
        if step_ns:
            self._stamps_hold = False
            self._send(control.Alarm(f"the system clock was set by {step_ns / 1e9:+.3f} s"))
            note = ClockNoted(self._clock.moment(time.monotonic_ns()), "system", None, step_ns / 1e6)
            for tap in self._taps.values():
                if tap.state.started and not tap.ending:
                    self._write(tap.files, note, None)
        return self._clock.offset_ns if self._stamps_hold else 0

    def _receiver(self, lane: Lane) -> Receiver | ConvertingReceiver:
        if lane.converting is not None:
            return lane.converting
        kind = (lane.pipeline.frames, lane.ahead)
        return self._receivers.get(kind) or self._receivers.setdefault(kind, Receiver(*kind))

    # --- the writer's answers -------------------------------------------------------------------------------------

    def _write(self, files: RecordingFiles, item: Item, done: Callable[[str], None] | None) -> None:
        if done is None:
            self._writer.submit(files, item)
            return
        self._ticket += 1
        self._tickets[self._ticket] = done
        self._writer.submit(files, item, self._ticket)

    def _wake(self) -> None:
        os.eventfd_write(self._woken, 1)

    def _settle(self) -> None:
        """Deals with what the other threads have done."""
        while self._writer.results:
            match self._writer.results.popleft():
                case Answered(ticket, error):
                    self._tickets.pop(ticket)(error)
                case Failed(files, error):
                    self._broken(files, error)
                case Moved(files, error):
                    self._send(control.Alarm(f"recording {files.recording} goes on in another file: {error}"))
        while self._outcomes:
            self._outcomes.popleft()()

    def _broken(self, files: RecordingFiles, error: str) -> None:
        for recording, tap in self._taps.items():
            if tap.files is files:
                tap.break_off(error)
                self._send(control.Broken(recording, error))

    # --- commands -------------------------------------------------------------------------------------------------

    def _serve(self) -> bool:
        """Takes all commands that wait; False when the program has gone."""
        while True:
            try:
                received = control.receive_command(self._link)
            except BlockingIOError:
                return True
            except ConnectionError:
                return False
            if received is None:
                return False
            self._obey(*received)

    def _obey(self, command: control.AnyCommand, descriptors: list[int]) -> None:
        opened = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        match command:
            case control.Reserve():
                self._reserve(command, opened)
            case control.Salvage():
                self._salvage(command)
            case control.Report():
                self._send(control.FiguresDone(command.number, self._figures()))
            case _:
                tap = self._taps.get(command.recording)
                if isinstance(command, control.Seal):
                    self._seal(command, tap)
                elif tap is None or tap.ending:
                    self._send(control.Refused(command.number, "no such recording"))
                else:
                    tap.perform(command, self._answering(command.number))

    def _answering(self, number: int) -> Answer:
        def answer(result: CutFact | str | None) -> None:
            if isinstance(result, str):
                self._send(control.Refused(number, result))
            elif result is None:
                self._send(control.Done(number))
            else:
                self._send(control.CutDone(number, result))

        return answer

    def _reserve(self, command: control.Reserve, opened: list[socket.socket]) -> None:
        order, full = command.order, len(self._taps) >= RECORDINGS_PER_WORKER_MAX
        if full or order.recording in self._taps or len(opened) not in {control.SOCKETS, control.SOCKETS_MAX}:
            for each in opened:
                each.close()
            self._send(control.Refused(command.number, "no room"))
            return
        self._ports.workshop.keys.expect(order.tenant)
        gate = Gate()
        lanes = new_lanes(opened, gate, self._clock.moment)
        try:
            tap = self._restored(command, lanes, gate) if command.again else None
        except (OSError, KeyMissing, DamagedEnvelope) as error:
            # Nobody waits for the answer to what is asked anew, so those concerned are told.
            self._send(control.Broken(order.recording, f"cannot go on: {type(error).__name__}: {error}"))
            self._send(control.Refused(command.number, f"{type(error).__name__}: {error}"))
            return
        if tap is None:
            files = RecordingFiles(self._ports.workshop, order.tenant, order.recording, Lives())
            tap = Tap(order, lanes, gate, files, self._around, early=set(command.shut_for))
        if command.sources and (problem := tap.aim(command.sources)):
            self._send(control.Alarm(f"recording {order.recording}: {problem}"))
        self._taps[order.recording] = tap
        gc.freeze()
        self._send(control.Done(command.number))

    def _restored(self, command: control.Reserve, lanes: tuple[Lane, Lane], gate: Gate) -> Tap | None:
        """The recording as an earlier life left it, before any packet is read; None when it had not started."""
        order, library = command.order, self._ports.library
        try:
            lives, floors = library.lives(order.recording)
        except FileNotFoundError:
            return None
        state = journal_state(library.source, library.keys, order.recording)
        files = RecordingFiles(self._ports.workshop, order.tenant, order.recording, lives)
        tap = Tap(order, lanes, gate, files, self._around, early=set(command.shut_for))
        lost = tap.restore(state, floors) if state.started else 0
        self._send(control.Restored(order.recording, tuple(sorted(state.shut_for)), bool(state.started), lost // 8))
        return tap

    def _seal(self, command: control.Seal, tap: Tap | None) -> None:
        def finished(outcome: SealedFact | str | None) -> None:
            if isinstance(outcome, str):
                self._send(control.Refused(command.number, outcome))
            elif outcome is None and tap is not None and tap.state.started:
                self._send(control.Refused(command.number, "its files are gone"))
            else:
                at, order = self._clock.moment(time.monotonic_ns()), tap.order if tap else None
                self._send(control.SealDone(command.number, outcome or nothing_kept(command.recording, order, at)))

        if tap is None or tap.ending:
            self._finish(command.recording, finished, every_slot=True)
        else:
            tap.perform(command, lambda _: self._close(command.recording, tap, finished))

    def _close(self, recording: str, tap: Tap, finished: Callable[[SealedFact | str | None], None]) -> None:
        """The tap has ended: everything becomes durable, then the recording is finished."""
        if self._taps.pop(recording, None) is not None:
            for lane in tap.lanes:
                lane.pipeline.leave_run()
                self._ended.add(lane.pipeline.counts)

        def written() -> None:
            sound = not tap.broken and not tap.files.losses and tap.state.continued == 0
            self._finish(recording, finished, every_slot=not sound)

        self._ticket += 1
        self._writer.finish(tap.files, self._ticket, written)

    def _finish(self, recording: str, finished: Callable[[SealedFact | str | None], None], *, every_slot: bool) -> None:
        def outcome(result: SealedFact | str | None) -> None:
            self._outcomes.append(lambda: finished(result))
            self._wake()

        def later(result: SealedFact | str | None) -> None:
            if isinstance(result, SealedFact):
                self._outcomes.append(lambda: self._send(control.Salvaged(result)))
                self._wake()

        self._finishing.finish(recording, outcome, later, every_slot=every_slot)

    def _salvage(self, command: control.Salvage) -> None:
        def told(recording: str) -> Callable[[SealedFact | str | None], None]:
            def tell(outcome: SealedFact | str | None) -> None:
                if isinstance(outcome, SealedFact):
                    self._send(control.Salvaged(outcome))
                elif outcome:
                    self._send(control.Alarm(f"recording {recording} could not be finished: {outcome}"))

            return tell

        for recording in dict.fromkeys((*self._ports.library.live(), *command.awaited)):
            if recording not in self._taps:
                self._finish(recording, told(recording), every_slot=True)
        self._send(control.Done(command.number))

    def _figures(self) -> control.Figures:
        total = replace(self._ended)
        for tap in self._taps.values():
            for lane in tap.lanes:
                lane.pipeline.leave_run()
                total.add(lane.pipeline.counts)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return control.Figures(
            recordings=len(self._taps),
            **asdict(total),
            dropped_segments=self._writer.dropped_segments,
            cpu_s=usage.ru_utime + usage.ru_stime,
            backlog_bytes=self._writer.backlog_bytes,
            drain_ms_max=self._drain_ms_max,
        )

    def _send(self, message: control.Message) -> None:
        self._unsent.append(message)

    def _flush(self) -> None:
        while self._unsent:
            try:
                control.send(self._link, self._unsent[0])
            except BlockingIOError:
                return
            except OSError:
                self._unsent.clear()
                return
            self._unsent.popleft()

    # --- the end --------------------------------------------------------------------------------------------------

    def _seal_everything(self) -> None:
        """The program is gone: what is being recorded is finished now."""
        for recording in list(self._taps):
            self._seal(control.Seal(0, recording, {"reason": "ended", "source": "system"}), self._taps[recording])
        while self._taps:
            self._writer.hand_over()
            select.select([self._woken], [], [], DRAIN_LOOK_S)
            self._settle()
        self._writer.stop()
        self._finishing.stop()
        self._ports.workshop.keys.stop()
