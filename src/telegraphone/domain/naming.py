"""The name of a recording, GSIP_REC_FN: made once at Start, opaque to clients, exact to the letter (gws-api 9.1)."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from telegraphone.domain.ids import CallUuid

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class NamePattern:
    """What an installation adds to each name: its host and a suffix, both settings."""

    host: str
    suffix: str = "<cont_center_id>"
    dotted_host: bool = True

    def name(self, call: CallUuid, recorded_dn: str, numbers: tuple[str, str], start: datetime, taken: Container[str]) -> str:
        """The name of a part that starts at `start` (aware). `numbers` are ANI and DNIS. If a name of this call already
        uses that second, the next free one is written."""
        host = self.host if self.dotted_host else self.host.replace(".", "-dot-")
        parties = "_".join(_number(each) for each in (recorded_dn, *numbers))
        second = start.astimezone(UTC)
        while True:
            name = f"{call}_{parties}_{second:%Y-%m-%d_%H-%M-%S}_{host}__{quote(self.suffix, safe='')}"
            if name not in taken:
                return name
            second += timedelta(seconds=1)


def _number(number: str) -> str:
    """A number as it stands in a name: everything outside A-Z a-z 0-9 + - is percent-encoded."""
    if not number:
        return UNKNOWN
    encoded = quote(number, safe="+")
    # quote() leaves _ . ~ alone, which here would end a field or are not in the allowed set.
    return encoded.replace("_", "%5F").replace(".", "%2E").replace("~", "%7E")
