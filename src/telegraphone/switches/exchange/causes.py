"""Translates between SIP's final answers and the reasons for which a leg ends, both ways."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from telegraphone.domain.legs import EndCause

STATUS: Final[Mapping[EndCause, int]] = MappingProxyType(
    {
        EndCause.NORMAL: 480,
        EndCause.BUSY: 486,
        EndCause.NO_ANSWER: 480,
        EndCause.CANCELLED: 487,
        EndCause.DECLINED: 603,
        EndCause.UNKNOWN_NUMBER: 404,
        EndCause.UNREACHABLE: 480,
        EndCause.FAILED: 500,
    }
)
"""How a caller that was not answered yet is told (RFC 3261 section 21.4). Q.850's finer words are not needed by phones."""

_CAUSES: Final[Mapping[int, EndCause]] = MappingProxyType(
    {
        403: EndCause.DECLINED,
        404: EndCause.UNKNOWN_NUMBER,
        410: EndCause.UNKNOWN_NUMBER,
        484: EndCause.UNKNOWN_NUMBER,
        486: EndCause.BUSY,
        487: EndCause.CANCELLED,
        503: EndCause.UNREACHABLE,
        600: EndCause.BUSY,
        603: EndCause.DECLINED,
        604: EndCause.UNKNOWN_NUMBER,
        607: EndCause.DECLINED,
    }
)
_RANG_OUT: Final = frozenset((408, 480))
"""A phone that rang and gives one of these was not answered; one that never rang is away."""

_STRENGTH: Final = (EndCause.DECLINED, EndCause.BUSY, EndCause.NO_ANSWER, EndCause.CANCELLED, EndCause.FAILED)
"""Of several phones on one number the first of these speaks for all: a person's answer before a machine's."""


def cause_of(status: int, *, rang: bool) -> EndCause:
    """Why a called phone's leg ends that was answered with this status."""
    if status in _RANG_OUT:
        return EndCause.NO_ANSWER if rang else EndCause.UNREACHABLE
    if 300 <= status < 400:
        # A phone must not send calls elsewhere at our cost; forwarding is decided above.
        return EndCause.UNREACHABLE
    return _CAUSES.get(status, EndCause.FAILED)


def strongest(causes: Iterable[EndCause]) -> EndCause:
    """What several phones of one number say together; UNREACHABLE when they say nothing."""
    said = list(causes)
    return next((cause for cause in _STRENGTH if cause in said), said[0] if said else EndCause.UNREACHABLE)
