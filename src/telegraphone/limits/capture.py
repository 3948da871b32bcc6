"""Bounds of the recorder: audio on its way into files, and the processes that see to it."""

from typing import Final

SEGMENT_FRAMES: Final = 4_800
"""Frames sealed as one unit: 600 ms, what is read of a stream at once. Sealing costs by the unit more than by the byte."""

EPOCH_FRAMES_MAX: Final = 15 * 60 * 8_000
"""Frames of one audio file: after 15 minutes the next one begins, and the complete one can be kept elsewhere already."""

EPOCH_FRAMES_MIN: Final = 8_000
"""Frames of one audio file, 1 s, before its sender may change the codec again, once CODEC_CHANGES_MAX is used up."""

CODEC_CHANGES_MAX: Final = 16
"""Quick changes of codec a stream may make with a file of its own for each: more than any transfer takes. A sender who puts
every packet into another codec would cost fifty files and keys a second."""

RUN_PACKETS_MAX: Final = 32
"""Packets of one stream read by one system call: a drain finds thirty, after a stall it asks again."""

REORDER_PACKETS_MAX: Final = 16
"""Packets that wait for one that is missing: 320 ms of 20 ms packets, far more than the window of time allows."""

REORDER_WINDOW_NS: Final = 60_000_000
"""How long packets wait for one that is missing: three packets of 20 ms."""

GATE_SPANS_MAX: Final = 16
"""Shut spans a gate tells apart: a packet that is late by more pauses than these finds everything shut."""

PACKET_SOCKETS_MAX: Final = 2_000
"""Packet sockets in one fan-out group: the program that chooses among them has two instructions for each, and the kernel
takes 4,096. That is a thousand calls, more than one Asterisk carries."""

RECEIVE_BUFFER_BYTES: Final = 2 * 1024 * 1024
"""Receive buffer asked of the kernel for each RTP socket, B: it counts some 1 KiB for each small packet, so 40 s of one
stream wait there while a worker is stopped or replaced."""

DRAIN_PACKETS_MAX: Final = 8_192
"""Packets read from one socket in one go: more than its buffer holds after the longest stall, so that a flood cannot hold up
what else there is to do, and everything that came before a cut is read all the same."""

COMMIT_PERIOD_S: Final = 0.2
"""Time between two rounds that make everything written durable (recording-format, W5)."""

KEYS_AT_ONCE: Final = 64
"""Data keys made together: one sync then costs each less than making its envelope does, and 64 take some 10 ms."""

KEYS_READY_MAX: Final = 128
"""Data keys of one tenant waiting to be used, three a recording: what starts in a second of the busiest hour."""

WRITER_BACKLOG_BYTES_MAX: Final = 128 * 1024 * 1024
"""Audio waiting for the disk in one worker: 8 s of 1,000 calls, hours of a few; then gaps are counted (W9)."""

JOURNAL_NOTES_BYTES_MAX: Final = 6 * 1024 * 1024
"""A journal longer than this takes no more notes of gaps, sources and clocks, so that pauses find room (JOURNAL_BYTES_MAX)."""

JOURNAL_OPERATIONS_BYTES_MAX: Final = 8 * 1024 * 1024 - 16 * 1024
"""A journal longer than this takes nothing more, and the recording ends: what lies behind JOURNAL_BYTES_MAX is not read."""

CONTROL_MESSAGE_BYTES_MAX: Final = 128 * 1024
"""One message between the program and a recorder worker: a finished recording with a thousand spans."""

PREROLL_S_MAX: Final = 60
"""Seconds before a late Start that memory may reach back: 1 MB of a call, of which 200 segments are stored within 10 ms."""

CONSENT_MEMORY_S_MAX: Final = 300
"""Seconds before consent that memory may reach back: 5 MB of a call, stored within 50 ms when consent is given."""

PREROLL_SHARE_MAX: Final = 0.75
"""The share of a recorder's ports, and of a worker's recordings, beyond which nothing is remembered for a late Start: the rest is
for recordings that were started."""

MEMORY_BYTES_MAX: Final = 256 * 1024 * 1024
"""Sound that one worker holds in memory because it may not be kept yet: 10 s of 1,600 calls. With more, each call's memory is
shorter."""

MEMORY_GAPS_MAX: Final = 1_000
"""Gaps of one call that are remembered with that sound: a minute on a network that loses every third packet."""

OPERATIONS_WAITING_MAX: Final = 16
"""Gate operations of one recording that wait for the one before: a person presses one button at a time."""

RESUME_GUARD_FRAMES: Final = 480
"""60 ms after a resume that stay silent: what was spoken before it may still be on its way (properties PCI-5)."""

FINISHED_TOGETHER_MAX: Final = 32
"""Recordings that share the syncs of their ends: the first of them waits for the last, some 0.2 s."""

FINISH_RETRY_S: Final = 30.0
"""How long a recording that could not be finished rests before it is tried again: a disk is seldom cleared faster."""

SPANS_TOLD_MAX: Final = 1_000
"""Spans of a finished recording that the program is told at once; the manifest has them all."""

RECORDINGS_PER_WORKER_MAX: Final = 2_000
"""Recordings of one worker at once, which may be all the calls of a node. One core was measured to take 1,000 without loss; of
1,500 some frames are missing, and listed (`benchmarks/RESULTS.md`), which is less than what is lost of calls that are refused."""

DRAIN_PERIOD_S: Final = 0.6
"""Time between two readings of a socket: one segment and one system call. What is not read outlives a killed recorder in the
kernel."""

DRAIN_LOOK_S: Final = 0.1
"""Time between two looks which sockets are due: so much of the next segment may be there when one has come."""

DRAIN_LATE_NS: Final = 40_000_000
"""How long after its time the last packet of a segment is waited for: twice as long as it lasts, on a network without jitter."""

DRIFT_WINDOW_S: Final = 5.0
"""Window over which the least delay of a stream is taken: 250 packets, of which one has had a free way."""

REPORT_PERIOD_S: Final = 5.0
"""Mean time between two reports to a source (RTCP): the least of RFC 3550 section 6.2, which it recommends for small sessions."""

WRITER_SILENT_S: Final = 3.0
"""Audio that waits so long for the disk is an alarm (properties REC-6: under 5 s)."""

UNKEPT_LOOKS: Final = 3
"""Looks, a second apart, that find packets of which none is kept: then it is an alarm (properties REC-6: under 5 s)."""

UNKEPT_PACKETS: Final = 5
"""Packets between two looks that are a sender of audio, and no keep-alive now and then."""

SALVAGE_ASKED_MAX: Final = 2_000
"""Recordings asked after at a start, in one message of 80 KiB: all that one node can have had running."""

RECORDING_SEAL_RETRY_S: Final = 10.0
"""Time between two attempts to finish a recording that could not be finished when its call ended."""

RECORDING_SEAL_S: Final = 30.0
"""How long finishing a recording may take: reading back and hashing ten hours of audio on a slow disk."""

RECORDER_EVENTS_MAX: Final = 4_096
"""Facts of the recorder waiting for the program: one for each recording of two workers, twice."""

COMMANDS_OUTSTANDING_MAX: Final = 8_192
"""Commands a worker has not answered: a start, two pauses and an end of each of its recordings."""

WORKER_RESTARTS_MAX: Final = 20
"""Workers started in the place of one that died, within the window below; more is a defect that restarting repeats."""

WORKER_RESTARTS_WINDOW_S: Final = 30.0
"""The window of the line above: a worker takes a second to start, and may live as briefly."""

WORKER_REST_S: Final = 10.0
"""How long a worker that died too often is left alone before it is tried again: a full disk or a broken library takes a
person minutes to mend, and recording shall be back soon after."""

WORKER_DEATH_S: Final = 0.5
"""How long a worker that has closed its link may take to die before it is killed."""

WORKER_STOP_S: Final = 60.0
"""How long a worker may take to finish everything at the end of the program."""

STALL_FRAMES_MIN: Final = 480
"""A source that sends all the time and skips 60 ms has stood still; less is the unrest of a busy machine's clock."""

TAP_LOOK_S: Final = 0.25
"""Time between two looks whether packets of a steady tap have come: a worker empties a socket each 0.6 s."""

TAP_SILENT_S: Final = 1.2
"""A steady tap from which nothing came in so long is dead: with the looks before and after, people are told within 1.7 s."""

TAP_SILENT_AGAIN_S: Final = 10.0
"""While it stays dead they are told again."""

PACKETS_QUIET_S: Final = 0.45
"""Where packets to others are taken and none came in so long, it is asked whether they come there: a phone sends 20 a second
or more, and who suppresses silence makes such pauses often."""
