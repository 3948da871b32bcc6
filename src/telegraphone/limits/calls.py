"""Bounds of calls, their actors and what agents may send about them."""

from typing import Final

CALLS_MAX: Final = 2_000
"""Calls alive at once on one node: four times the largest tested load, so that a leak is met before memory is."""

MAILBOX_MAX: Final = 64
"""Commands and events waiting for one call's actor: a person and two phones make a handful; more is a storm."""

DESTINATION_CHARS_MAX: Final = 128
"""A number an agent asks for: 15 digits are enough for E.164, and some exchanges dial names."""

CONSENT_EVIDENCE_CHARS_MAX: Final = 512
"""What was attached as evidence of consent, as a recording's history tells it: a reference, not a document."""

PAUSE_ALARMS_MAX: Final = 1_000
"""Alarms about long pauses waiting for the database: one for every call of a full node, and again as many."""

RELEASED_CALL_S: Final = 60.0
"""How long a released call can still be addressed by its id (gws-api 7.2)."""

CALLS_KNOWN_MAX: Final = 10_000
"""Calls alive, and those that are over and can still be addressed: some hundred begin in a second when a node does nothing else
(`benchmarks/RESULTS.md`), which are 6,000 in that minute, and those that live."""

USER_DATA_BYTES_MAX: Final = 64 * 1024
"""User data of one call, as JSON: the size of one request body (gws-api 3.1)."""

COMMANDS_WAITING_MAX: Final = 48
"""Agents' commands are refused above this, so that facts from the switch always find room in the mailbox."""

CONFERENCE_PARTIES_MAX: Final = 16
"""Parties of one call: the largest conference of ordinary exchanges; each is mixed for each other."""

CONSULTS_MAX: Final = 8
"""Consult calls alive in one conversation: an agent has one or two, and each party may ask somebody."""

CATALOGUE_BACKLOG_MAX: Final = 50_000
"""Parts waiting for the database: a day without it at 500 calls of a quarter of an hour; about 1 KiB each."""

CATALOGUE_AT_ONCE: Final = 64
"""Parts written in one transaction: each would cost a sync of its own otherwise."""

CATALOGUE_RETRY_S: Final = 1.0
"""Pause between two tries to reach the database."""

RECORDER_ANSWER_S: Final = 3.0
"""How long an operation waits for the recorder before it answers 500/4 (gws-api 8.4): the shortest client time-out is 5 s."""

DATABASE_CONNECT_S: Final = 5.0
"""How long the database may take to let us in, and a request may wait for one of the few connections to it."""

DATABASE_ANSWER_S: Final = 20.0
"""How long one transaction may take; then who asked hears that the database is away, and who writes tries again."""

RECONCILED_CALLS_MAX: Final = 20_000
"""Calls that wait to be compared with what is kept of them: a busy day of one node while the database is away."""

RECONCILED_AT_ONCE: Final = 64
"""Calls that the list is asked for together: each alone would cost as much as recording it for seconds."""

RECONCILING_PERIOD_S: Final = 10.0
"""Time between two looks at the calls that are not settled."""

RECONCILING_AFTER_S: Final = 30.0
"""How long a recording may be missing before it is told: being listed takes a second, and an alarm is due in a minute."""

RECONCILING_ENDS_S: Final = 24 * 3_600.0
"""How long a call that is not as it should be is looked at: whoever was told has had a day."""

STOCKTAKING_PERIOD_S: Final = 60.0
"""Time between two looks for recordings that are listed."""

STOCKTAKING_ROUND_S: Final = 86_400.0
"""How long it takes to look for all of them: what is gone is told within a day."""

STOCKTAKING_BATCH: Final = 25
"""Recordings after which it is kept how far a round has come, and the least that one look is for."""

STOCKTAKING_LOOK_MAX: Final = 2_000
"""Recordings of one look, a round of three million a day; of more, a round takes longer. Each costs some milliseconds where it
lies on a disk of this machine, and a few requests where it lies in an object store."""

STOCKTAKING_SETTLED_S: Final = 3_600.0
"""How long after its end a recording that is to be sent on may lie on another node's disk alone, where it is not looked for."""

STOCKTAKING_AGAIN_MAX: Final = 25
"""Recordings that are gone and looked for again each time."""

RETENTION_PERIOD_S: Final = 600.0
"""Time between two looks at what is to be kept no longer: days count, minutes do not."""

RETENTION_BATCH: Final = 100
"""Recordings read at once for that."""

RETENTION_LOOK_MAX: Final = 5_000
"""Recordings read in one look: half a million a day, while calls and people hardly notice."""
