"""What a session recording server says to who asks it to record (RFC 7866 sections 6.2, 7.2, 9).

Tolerance is the default: who calls a recording server wants to be recorded, and clients leave out half of what they must send
(siprec.md, Q1, Q2). A strict server takes what the RFC says it may take.
"""

import re
from typing import Final

from telegraphone.wire.sip.commands import InDialogRequest, Reply
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.message import Request
from telegraphone.wire.siprec.body import METADATA, METADATA_OLD
from telegraphone.wire.siprec.metadata import snapshot_request

OPTION: Final = "siprec"
SRS_FEATURE: Final = ";+sip.srs"
"""What the Contact of a recording server says (RFC 7866 section 11.1.1)."""
DISPOSITION: Final = "recording-session"

_PROPER_FEATURE: Final = re.compile(r'(?:>|\A)[^<>]*;\s*\+sip\.src\s*(?:=\s*"TRUE"\s*)?(?=[;,]|\Z)', re.IGNORECASE)


def strict_refusal(request: Request) -> Reply | None:
    """What a strict server answers to an INVITE that lacks what it must have (RFC 7866 section 6.2); None if it has all."""
    if OPTION not in request.headers.tokens("Require"):
        return Reply(421, headers=(("Require", OPTION),))
    if not any(_PROPER_FEATURE.search(line) for line in request.headers.lines("Contact")):
        return Reply(403, "Not A Recording Client")
    return None


def request_for_snapshot(dialog: Dialog, *, old_name: bool, reason: str) -> InDialogRequest:
    """The UPDATE that asks for a full snapshot (RFC 7866 section 9.2): metadata's own type, no session description."""
    return InDialogRequest(
        dialog=dialog,
        method="UPDATE",
        headers=(("Require", OPTION), ("Content-Disposition", DISPOSITION)),
        body=snapshot_request(reason),
        content_type=METADATA_OLD if old_name else METADATA,
    )


def may_be_asked(dialog: Dialog) -> bool:
    """Whether the client takes an UPDATE at all: one that names no methods is not asked."""
    return "update" in dialog.peer_allows
