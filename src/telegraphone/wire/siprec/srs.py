"""Tells whether a request asks us to record, and what a session recording server says back (RFC 7866 sections 6.2, 7.2, 9).

Tolerance is the default: any sign of SIPREC will do, because clients leave out half of what they must send (siprec.md, Q1,
Q2). A strict server takes what the RFC says it may take.
"""

import re
from typing import Final

from telegraphone.wire.sip.commands import InDialogRequest, Reply
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.message import Request
from telegraphone.wire.siprec.body import METADATA, METADATA_OLD, Body
from telegraphone.wire.siprec.metadata import snapshot_request

OPTION: Final = "siprec"
SRS_FEATURE: Final = ";+sip.srs"
"""What the Contact of a recording server says (RFC 7866 section 11.1.1)."""
DISPOSITION: Final = "recording-session"

_SRC_FEATURE: Final = re.compile(r';\s*(?:\+sip[.-](?:src|rec)|src)\s*(?:=\s*"?([A-Za-z]*)"?)?\s*(?=[;>,]|\Z)', re.IGNORECASE)
_PROPER_FEATURE: Final = re.compile(r'>[^<]*;\s*\+sip\.src\s*(?:=\s*"TRUE"\s*)?(?=[;,]|\Z)', re.IGNORECASE)


def is_for_recording(request: Request, body: Body) -> bool:
    """Whether any sign of SIPREC is there: a feature tag in whatever spelling, the option tag, or metadata."""
    wanted = " ".join((*request.headers.lines("Require"), *request.headers.lines("Supported"))).lower()
    return body.metadata is not None or OPTION in wanted or _has_feature(request)


def _has_feature(request: Request) -> bool:
    """The tag may stand behind the `>`, inside of it, or behind a URI that is none (Q2)."""
    for line in request.headers.lines("Contact"):
        match = _SRC_FEATURE.search(line.strip())
        if match is not None:
            return (match[1] or "true").lower() != "false"
    return False


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
