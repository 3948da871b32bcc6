"""One track's sockets and pipeline: which of them is read, what the kernel lets in, and what the source is told of it."""

import ipaddress
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from telegraphone.capture import packet_socket, sockets
from telegraphone.capture.control import SOCKETS, Source
from telegraphone.capture.converting import ConvertingReceiver, codecs_kept
from telegraphone.capture.reporting import Reporting
from telegraphone.capture.unkept import Unkept
from telegraphone.limits import DRAIN_LATE_NS, DRAIN_PERIOD_S
from telegraphone.media.gate import Gate
from telegraphone.media.pipeline import Pipeline
from telegraphone.media.reception import Received
from telegraphone.media.timeline import FRAME_NS, RATE
from telegraphone.media.track import Track

_DATAGRAM_BYTES: Final = 2_048
_PERIOD_NS: Final = round(1e9 * DRAIN_PERIOD_S)
_NEVER: Final = 1 << 62
_REPORTS_HEEDED_MAX: Final = 16
"""Packets of RTCP that are read for one of ours: a source sends about as many as we do."""


class Lane:
    """One track's sockets and pipeline. `rtp` is the socket that is read: ours, or one that sees packets to others."""

    __slots__ = (
        "_match",
        "_own",
        "_packets",
        "_source",
        "_unkept",
        "control",
        "converting",
        "deaf",
        "descriptor",
        "drops",
        "due_ns",
        "pipeline",
        "reporting",
        "rtp",
        "whole_ns",
    )

    def __init__(
        self, rtp: socket.socket, control: socket.socket, pipeline: Pipeline, packets: socket.socket | None = None
    ) -> None:
        self.rtp = self._own = rtp
        self.control = control
        self.descriptor = rtp.fileno()
        self.pipeline = pipeline
        self._packets = packets
        self._match: list[packet_socket.Instruction] = []
        self.drops = 0
        self.due_ns = 0
        """When it is to be read, monotonic; what has to wait for nothing is read in between."""
        self.converting: ConvertingReceiver | None = None
        """Reads what is not plain G.711; None: the straight path."""
        self.deaf = False
        """Whether nobody is to be heard here: the kernel throws everything away, gate open or not."""
        self.whole_ns = 0
        """Since when packets are let in whole, unless somebody has had them cut since."""
        self._source: Source | None = None
        self._unkept = Unkept()
        self.reporting: Reporting | None = None
        """What we tell the source of its packets; None where it is not to be told."""

    @property
    def ahead(self) -> int:
        """Bytes before the RTP header in what is read."""
        return 0 if self.rtp is self._own else packet_socket.AHEAD_BYTES

    def aim(self, source: Source) -> str | None:
        """From now on this source is to be heard, or nobody. Why it cannot be, if its host is no address or there is no way to
        it: then nobody is, and what it sends is missing."""
        now, new = self.pipeline.timeline.position_at(time.monotonic_ns()), source != self._source
        if new and not source.steady:
            self.pipeline.outage.end_by(now)
        self._source, problem = source, None
        self.deaf = not source.host
        if not self.deaf:
            try:
                self.face(source)
            except (OSError, ValueError) as error:
                self.deaf, problem = True, f"{source.host} cannot be heard: {error}"
                self.pipeline.outage.begin(now)
        if self.deaf and new:
            self.pipeline.flush(until=now)
        if not self.deaf:
            self.converting = ConvertingReceiver.wanted(source, self.converting)
            self.pipeline.aim(codecs_kept(source), source.ssrc, steady=source.steady, since=now if new else None)
        self.report_to(source)
        return problem

    def face(self, source: Source) -> None:
        """Chooses the socket at which this source is heard, and keeps it to the source. `deliver` then lets it in.
        Raises ValueError for a name, which would have to be asked for: nothing here may wait; OSError where there is no way."""
        ipaddress.ip_address(source.host)
        if source.arrives_at is None:
            self._read(self._own)
            self._own.connect((source.host, source.port))
        else:
            assert self._packets is not None, "the program sends no such source to a recorder without packet sockets"
            self._read(self._packets)
            self._match = packet_socket.stream((source.host, source.port), source.arrives_at)

    def deliver(self, *, whole: bool) -> None:
        """Lets in packets whole, or their headers alone; nothing where nobody is to be heard."""
        if self.deaf:
            sockets.deliver_nothing(self.rtp)
        elif self.rtp is self._own:
            (sockets.deliver_all if whole else sockets.deliver_headers)(self.rtp)
        else:
            packet_socket.deliver(self.rtp, self._match, packet_socket.EVERYTHING if whole else packet_socket.HEADERS)
        if whole:
            self.whole_ns = time.monotonic_ns()

    @property
    def is_others(self) -> bool:
        """Whether it takes packets that are sent to somebody else, who knows nothing of pauses."""
        return self.rtp is not self._own

    def _read(self, wanted: socket.socket) -> None:
        if self.rtp is not wanted:
            # What the other one holds may have waited for this worker.
            sockets.deliver_nothing(self.rtp)
            sockets.throw_away(self.rtp)
            self.rtp, self.descriptor, self.drops = wanted, wanted.fileno(), 0

    # --- what is missing -------------------------------------------------------------------------------------------

    def miss_since(self, since_ns: int) -> None:
        """Its source has sent since this instant, and nothing has come; what did come has been read."""
        if not self.deaf:
            self.pipeline.outage.begin(self.pipeline.timeline.position_at(since_ns))

    def unkept(self, now_ns: int, *, wanted: bool) -> tuple[int | None, ...]:
        """News, to be asked for about once a second, with `wanted` as in `Unkept.look`: since when packets come of which none is
        kept, or None when they are kept again."""
        if not self._unkept.look(self.pipeline.counts, now_ns, wanted=wanted):
            return ()
        if not self._unkept.told:
            return (None,)
        self.miss_since(self._unkept.since_ns)
        return (self._unkept.since_ns,)

    # --- reports --------------------------------------------------------------------------------------------------

    def report_to(self, source: Source) -> None:
        """From now on this source is told how its packets arrive, or nobody is. One who is held is told all the same."""
        if source.reports is None:
            self.reporting = None
        elif self.reporting is None:
            self.reporting = Reporting(source, time.monotonic_ns())
            # What a short call has to say is measured from its first packet on.
            self.pipeline.reception.measuring = True
        else:
            self.reporting.aim(source)
        if source.reports is None or source.reports.muxed:
            sockets.deliver_nothing(self.control)
        else:
            # Where nothing can be sent the audio may come all the same.
            with suppress(OSError):
                self.control.connect((source.reports.host, source.reports.port))
                sockets.deliver_all(self.control)

    def read_until(self, now_ns: int) -> None:
        """It is due again when the segment of its stream will be full, if the stream flows."""
        self.due_ns = now_ns + _PERIOD_NS
        if self.pipeline.track.codec and self.pipeline.gate.is_open:
            full_ns = self.pipeline.source.heard_ns + self.pipeline.track.missing * FRAME_NS + DRAIN_LATE_NS
            if now_ns < full_ns <= self.due_ns + DRAIN_LATE_NS:
                self.due_ns = full_ns

    def report(self, now_ns: int, offset_ns: int) -> None:
        """To be called about once a second, `offset_ns` as in `Receiver.drain`: when a report is due, the packets of the time
        until the next call are looked at closely, and then it is sent."""
        reporting, reception = self.reporting, self.pipeline.reception
        if reporting is None or now_ns < reporting.due_ns:
            return
        if not reception.measuring:
            reception.measuring = True
            return
        now_ns = time.monotonic_ns()
        self._heed(reporting, now_ns, offset_ns)
        self._tell(reporting, reporting.report(self._received(), self._clock_hz, now_ns))

    def _received(self) -> Received | None:
        self.pipeline.leave_run()
        return self.pipeline.reception.report(self.pipeline.source)

    @property
    def _clock_hz(self) -> int:
        return RATE if self.converting is None else self.converting.clock_hz

    def _heed(self, reporting: Reporting, now_ns: int, offset_ns: int) -> None:
        for _ in range(_REPORTS_HEEDED_MAX):
            try:
                datagram, ancillary, _, _ = self.control.recvmsg(_DATAGRAM_BYTES, sockets.ANCILLARY_BYTES)
            except ConnectionRefusedError:
                continue
            except OSError:
                return
            reporting.hear(datagram, sockets.received_ns(ancillary, offset_ns, now_ns))
        sockets.throw_away(self.control)

    def _tell(self, reporting: Reporting, packet: bytes) -> None:
        # It may have closed its port, and what it is told it can do without.
        with suppress(OSError):
            (self.rtp if reporting.muxed else self.control).sendto(packet, reporting.address)

    def close(self) -> None:
        """Takes leave of the source and gives the sockets back: it is never due again, for their numbers may be others' now."""
        if self.reporting is not None:
            now_ns = time.monotonic_ns()
            self._tell(self.reporting, self.reporting.report(self._received(), self._clock_hz, now_ns, goodbye=True))
        self.reporting, self.due_ns = None, _NEVER
        for each in (self._own, self.control, self._packets):
            if each is not None:
                each.close()


def new_lanes(opened: list[socket.socket], gate: Gate, moment: Callable[[int], datetime]) -> tuple[Lane, Lane]:
    """Lanes over RTP and RTCP of track 0, then of track 1, and where there are any over their packet sockets."""
    lanes = []
    for stream in (0, 1):
        rtp, control = opened[2 * stream : 2 * stream + 2]
        packets = opened[SOCKETS + stream] if len(opened) > SOCKETS else None
        lanes.append(Lane(rtp, control, Pipeline(Track(stream), gate, moment), packets))
    return lanes[0], lanes[1]
