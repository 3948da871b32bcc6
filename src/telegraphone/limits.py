"""Every bound of the program in one place, each with its reason: what is not bounded here is a defect."""

from typing import Final

# --- calls and services -------------------------------------------------------------------------------------------

CALLS_MAX: Final = 2_000
"""Calls alive at once on one node: four times the largest tested load, so that a leak is met before memory is."""

MAILBOX_MAX: Final = 64
"""Commands and events waiting for one call's actor: a person and two phones make a handful; more is a storm."""

RELEASED_CALL_S: Final = 60.0
"""How long a released call can still be addressed by its id (gws-api 7.2)."""

USER_DATA_BYTES_MAX: Final = 64 * 1024
"""User data of one call, as JSON: the size of one request body (gws-api 3.1)."""

RECORDER_ANSWER_S: Final = 3.0
"""How long an operation waits for the recorder before it answers 500/4 (gws-api 8.4): the shortest client time-out is 5 s."""
