"""Reads what a Cisco phone says of a call that it copies by its built-in bridge, and a gateway for it (siprec.md, Q17).

That is no SIPREC: there is no metadata, and a call comes as two sessions, one for each voice. The URI in From says which
voice it is (`x-nearend`, the phone's own, or `x-farend`), by which number the call is known to both sessions (`x-refci`),
and who talks (`x-nearendaddr` or the user part, `x-farendaddr`). Out of that a snapshot is made, as a recording client
would have sent it, so that nothing else needs to know of this.
"""

import re
from typing import Final

from telegraphone.wire.sip.message import Request
from telegraphone.wire.siprec.metadata import Item, Kind, Snapshot
from telegraphone.wire.siprec.xml_tree import Element

_FAR, _NEAR, _STREAM = "far", "near", "voice"
_PARAMETER: Final = re.compile(r";\s*(x-[a-z]+)\s*(?:=\s*([^;>\s]*))?", re.IGNORECASE)
_USER: Final = re.compile(r"<\s*sips?:([^@;>]*)", re.IGNORECASE)


def described(request: Request) -> Snapshot | None:
    """What the request says of the call; None when it says nothing of the kind."""
    line = request.headers.get("From") or ""
    said = {name.lower(): value for name, value in _PARAMETER.findall(line)}
    reference = said.get("x-refci", "")
    if not reference or not {"x-nearend", "x-farend"} & said.keys():
        return None
    user = _USER.search(line)
    near = said.get("x-nearendaddr") or (user[1] if user else "")
    speaker = _NEAR if "x-nearend" in said else _FAR
    return Snapshot(
        partial=False,
        items=(
            Item(Kind.CS, (f"refci-{reference}",)),
            _party(_FAR, said.get("x-farendaddr", "")),
            _party(_NEAR, near),
            Item(Kind.STREAM, (_STREAM,)),
            Item(Kind.PARTY_TO_STREAM, (speaker,), children=(Element("send", text=_STREAM),)),
        ),
    )


def speaker(snapshot: Snapshot) -> str:
    """Whose voice a session brings that was described like this, as a participant of it."""
    return next(item.ids[0] for item in snapshot.items if item.kind is Kind.PARTY_TO_STREAM)


def _party(which: str, number: str) -> Item:
    return Item(Kind.PARTICIPANT, (which,), children=(Element("nameid", {"aor": number}),))
