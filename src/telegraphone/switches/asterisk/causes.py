"""Translates between Asterisk's hang-up causes, which are those of Q.850, and the reasons for which a leg ends."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from telegraphone.domain.legs import EndCause

NORMAL_CLEARING: Final = 16

Q850: Final[Mapping[EndCause, int]] = MappingProxyType(
    {
        EndCause.NORMAL: 19,
        EndCause.BUSY: 17,
        EndCause.NO_ANSWER: 19,
        EndCause.CANCELLED: 19,
        EndCause.DECLINED: 21,
        EndCause.UNKNOWN_NUMBER: 1,
        EndCause.UNREACHABLE: 20,
        EndCause.FAILED: 38,
    }
)
"""How a caller that was not answered yet is told: PJSIP makes of these 480, 486, 403, 404 and 500. 16 would be a 603."""

_CAUSES: Final[Mapping[int, EndCause]] = MappingProxyType(
    {
        1: EndCause.UNKNOWN_NUMBER,
        2: EndCause.UNKNOWN_NUMBER,
        3: EndCause.UNKNOWN_NUMBER,
        17: EndCause.BUSY,
        18: EndCause.NO_ANSWER,
        19: EndCause.NO_ANSWER,
        20: EndCause.UNREACHABLE,
        21: EndCause.DECLINED,
        22: EndCause.UNKNOWN_NUMBER,
        26: EndCause.CANCELLED,
        27: EndCause.UNREACHABLE,
        28: EndCause.UNKNOWN_NUMBER,
    }
)
_BROKEN: Final = frozenset((27, 34, 38, 41, 42, 44))
"""Of a leg that was answered: the network's fault, not a party's wish."""


def cause_of_unanswered(cause: int) -> EndCause:
    """Why a called phone's leg ends that was never answered."""
    return _CAUSES.get(cause, EndCause.FAILED)


def cause_of_answered(cause: int) -> EndCause:
    """Why a leg ends that had been answered; 0: nothing is known."""
    return EndCause.FAILED if cause in _BROKEN else EndCause.NORMAL
