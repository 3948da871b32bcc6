"""Answers what recording clients ask: new sessions, changes of running ones, and the small questions in between.

A refusal makes a client try the next recorder, so only what another recorder would do better is refused (siprec.md,
section 4): metadata that cannot be read never is, it only is not believed.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

import structlog

from telegraphone.domain.legs import Document, EndCause
from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.limits import METADATA_BYTES_MAX, SNAPSHOT_REQUEST_S
from telegraphone.services.ports import RecorderFull
from telegraphone.switches.siprec.agreement import KeyAgreement
from telegraphone.switches.siprec.halves import join, whole_of
from telegraphone.switches.siprec.register import Register
from telegraphone.switches.siprec.rs import Named, Rs, Stage
from telegraphone.switches.siprec.trunk import Trunk, certified_names
from telegraphone.wire.errors import LocalProtocolError, RemoteProtocolError
from telegraphone.wire.sdp import SessionDescription
from telegraphone.wire.sip.commands import Reply
from telegraphone.wire.sip.events import AckArrived, DialogEnded, EndReason, RequestArrived
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transaction import ServerTransaction
from telegraphone.wire.siprec import built_in_bridge, srs
from telegraphone.wire.siprec.answering import Line, Mine, answer, lines_of_answer, our_offer, repeated, taken_lines
from telegraphone.wire.siprec.body import METADATA_OLD, Body, read_body
from telegraphone.wire.siprec.keys import OWN_KEY_BYTES
from telegraphone.wire.siprec.metadata import Kind, read_snapshot
from telegraphone.wire.siprec.noticing import facts_of_description, facts_of_request, labels_of

log = structlog.get_logger()

_RETRY_AFTER_S = 10
_NOT_ACCEPTABLE = 488
_UNKNOWN_TYPE = 415
_SESSION_ID_BYTES = 6
_DIGEST_DIGITS = 16
_LOST = frozenset((EndReason.EXPIRED, EndReason.LOST))
_CAUSES = {EndReason.LOCAL_BYE: EndCause.NORMAL, EndReason.REMOTE_BYE: EndCause.NORMAL}


class Incoming:
    """The recording server as user agent server."""

    def __init__(self, register: Register, sip: SipEndpoint, agreement: KeyAgreement, trunks: Iterable[Trunk], host: str) -> None:
        self._register = register
        self._agreement = agreement
        self._sip = sip
        self._trunks = tuple(trunks)
        self._host = host

    def request(self, event: RequestArrived) -> None:
        """Answers a request, or leaves an INVITE to the reader of the events."""
        transaction, request = event.transaction, event.request
        rs = self._register.by_dialog.get(event.dialog) if event.dialog is not None else None
        match request.method:
            case "INVITE" if event.dialog is None:
                self._invite(transaction, request)
            case "INVITE" | "UPDATE" if rs is not None:
                self._change(transaction, request, rs)
            case "OPTIONS":
                self._sip.respond(transaction, self._elsewhere() if self._register.full else Reply(200))
            case _:
                self._sip.respond(transaction, Reply(200) if rs is not None else Reply(481))
                if rs is not None:
                    self._obey(rs, request)

    # --- a new session --------------------------------------------------------------------------------------------

    def _invite(self, transaction: ServerTransaction, request: Request) -> None:
        trunk = self._trunk_of(transaction)
        if trunk is None:
            log.warning("stranger_refused", source=transaction.source.host)
            self._sip.respond(transaction, Reply(403))
            return
        try:
            rs = self._offered(transaction, request, trunk)
        except RemoteProtocolError as error:
            self._sip.respond(transaction, Reply(error.status or 400))
        except RecorderFull as full:
            self._sip.respond(transaction, self._elsewhere(full.retry_after_s))
        else:
            if rs is None:
                return
            if rs.whole is None:
                self._register.begin(rs, self._named(rs, request))
            elif rs.whole.stage is Stage.LIVE:
                self.accept(rs)
            self._obey(rs, request)

    def _trunk_of(self, transaction: ServerTransaction) -> Trunk | None:
        source = transaction.source
        names = certified_names(self._sip.certificate_of(source)) if source.transport == "TLS" else frozenset()
        return next((trunk for trunk in self._trunks if trunk.takes(source.host, names)), None)

    def _offered(self, transaction: ServerTransaction, request: Request, trunk: Trunk) -> Rs | None:
        """The session an INVITE asks for; None when it was refused. Raises RemoteProtocolError and RecorderFull."""
        refusal = srs.strict_refusal(request) if trunk.strict else None
        if refusal is None and self._register.full:
            refusal = self._elsewhere()
        if refusal is not None:
            self._sip.respond(transaction, refusal)
            return None
        body = read_body(request.headers.get("Content-Type") or "", request.body)
        if body.sdp is None and body.others:
            raise RemoteProtocolError("no session description can be found")
        number = int.from_bytes(self._register.clock.entropy(_SESSION_ID_BYTES), "big")
        ours = SessionDescription(self._host, (), number, version=0)
        rs = Rs(self._register.new_name(), trunk, transaction, ours, self._register.clock.entropy(OWN_KEY_BYTES))
        rs.facts |= facts_of_request(request)
        bridged = built_in_bridge.described(request) if trunk.built_in_bridge else None
        if bridged is not None:
            rs.picture, rs.speaker = rs.picture.after(bridged), built_in_bridge.speaker(bridged)
            rs.whole = whole_of(rs, self._register.alive)
        elif body.metadata is None:
            rs.facts["metadata_error"] = "none came with the first request"
            rs.needs_snapshot = True
        if body.sdp is not None:
            rs.offered = SessionDescription.parse(body.sdp)
            rs.labels = labels_of(rs.offered)
            rs.facts |= facts_of_description(rs.offered)
            rs.lines = self._taken(rs, rs.offered)
            if not any(rs.lines):
                raise RemoteProtocolError("no stream can be recorded", status=_NOT_ACCEPTABLE)
        self._learn(rs, body)
        if rs.whole is None:
            self._register.open_places(rs)
        else:
            join(rs, rs.whole)
            self._register.alive.add(rs)
        return rs

    def accept(self, rs: Rs) -> None:
        """200 OK with our description; without ACK the engine ends the dialog."""
        if rs.stage is not Stage.OFFERED:
            return
        if rs.offered is not None:
            rs.ours = answer(rs.offered, rs.lines, rs.ports(), self._mine(rs))
        else:
            streams = max(1, len(rs.picture.of(Kind.STREAM)))
            ports = [place.address.port for _, place in sorted(rs.places.items())][:streams]
            rs.ours = our_offer(rs.trunk.codecs, ports, rs.ours)
        dialog = self._sip.respond(rs.invite, Reply(200, body=rs.ours.serialize()))
        if dialog is None:
            return
        rs.stage, rs.dialog, rs.awaits_answer = Stage.LIVE, dialog, rs.offered is None
        rs.since = rs.heard_at = self._register.clock.now()
        self._register.by_dialog[dialog] = rs
        self._agreement.begin(rs)
        for half in rs.halves.values():
            self.accept(half)
        if rs.whole is not None:
            self._register.media_changed(rs)

    def _taken(self, rs: Rs, offered: SessionDescription) -> tuple[Line | None, ...]:
        """What is taken of an offer; of a session that carries one voice of a call no more than one line."""
        lines = taken_lines(offered, rs.trunk.codecs, keys_under_avp=rs.trunk.keys_under_avp)
        return lines if rs.whole is None else (*lines[:1], *(None for _ in lines[1:]))

    def _mine(self, rs: Rs) -> Mine:
        return Mine(rs.ours, rs.chance, self._agreement.fingerprint(rs))

    def refuse(self, rs: Rs, cause: EndCause) -> None:
        """It cannot be recorded here."""
        for each in rs.parts():
            self._sip.respond(each.invite, self._elsewhere())
        self._register.end(rs, cause)

    def cancelled(self, transaction: ServerTransaction) -> None:
        """The client gave up."""
        for rs in tuple(self._register.alive):
            if rs.invite is transaction and rs.stage is Stage.OFFERED:
                for half in rs.halves.values():
                    self._sip.respond(half.invite, self._elsewhere())
                self._register.end(rs, EndCause.CANCELLED)

    # --- a running session ----------------------------------------------------------------------------------------

    def _change(self, transaction: ServerTransaction, request: Request, rs: Rs) -> None:
        """Re-INVITE or UPDATE, with a description, metadata, both or neither. Refused, it changes nothing."""
        try:
            body = read_body(request.headers.get("Content-Type") or "", request.body)
            offered = None if body.sdp is None else SessionDescription.parse(body.sdp)
            if offered is not None:
                self._describe(rs, offered)
        except RemoteProtocolError as error:
            self._sip.respond(transaction, Reply(error.status or 400))
            return
        except RecorderFull as full:
            self._sip.respond(transaction, self._elsewhere(full.retry_after_s))
            return
        if request.method == "INVITE":
            rs.awaits_answer = body.sdp is None
            # Our offer repeats the lines there are and adds none (siprec.md, 3.9).
            rs.ours = repeated(rs.ours) if rs.awaits_answer else rs.ours
        described = body.sdp is not None or request.method == "INVITE"
        self._learn(rs, body)
        self._sip.respond(transaction, Reply(200, body=rs.ours.serialize() if described else b""))
        self._go_on(rs, request, offered)
        self._obey(rs, request)
        if body.sdp is not None:
            self._agreement.begin(rs)
            self._register.media_changed(rs)

    def _obey(self, rs: Rs, request: Request) -> None:
        """What a header field of this request orders, where the profile lets it (siprec.md, Q24)."""
        for (name, value), trigger in rs.trunk.orders.items():
            if any(line.strip().lower() == value for line in request.headers.lines(name)):
                self._register.ordered(rs, trigger)

    def _describe(self, rs: Rs, offered: SessionDescription) -> None:
        before = rs.lines
        rs.lines = self._taken(rs, offered)
        try:
            if not any(rs.lines) and any(not media.refused for media in offered.media):
                raise RemoteProtocolError("no stream can be recorded", status=_NOT_ACCEPTABLE)
            self._register.open_places(rs)
        except (RemoteProtocolError, RecorderFull):
            rs.lines = before
            raise
        rs.ours = answer(offered, rs.lines, rs.ports(), self._mine(rs))

    def _go_on(self, rs: Rs, request: Request, theirs: SessionDescription | None) -> None:
        """What this request says is of the call that runs, or of the session's next one, and then not of the last."""
        self._register.turn(rs)
        if theirs is not None:
            rs.labels = labels_of(theirs)
            rs.facts |= facts_of_description(theirs)
        self._register.refresh(rs, self._named(rs, request))

    def acknowledged(self, event: AckArrived) -> None:
        """The ACK brings the client's answer where our 2xx made the offer. Without a usable one a session ends that has just
        begun; one that lives goes on as it was: what still comes is still recorded."""
        rs = self._register.by_dialog.get(event.dialog)
        if rs is None:
            return
        if rs.awaits_answer:
            rs.awaits_answer = False
            try:
                body = read_body(event.request.headers.get("Content-Type") or "", event.request.body)
                answered = SessionDescription.parse(body.sdp or b"")
                rs.lines = self._answered(rs, answered)
            except RemoteProtocolError as error:
                log.warning("answer_unusable", trunk=rs.trunk.name, error=error.reason)
                if not rs.lines:
                    self.hang_up(rs, EndCause.FAILED)
                return
            self._learn(rs, body)
            self._go_on(rs, event.request, answered)
            self._agreement.begin(rs)
            self._register.media_changed(rs)
        self._ask_for_snapshot(rs)

    def _answered(self, rs: Rs, answered: SessionDescription) -> tuple[Line | None, ...]:
        """What the answer to our offer makes of the lines: one of which it says nothing usable stays what it was. Raises
        RemoteProtocolError where there was none and there is none."""
        lines = list(lines_of_answer(rs.ours, answered, rs.trunk.codecs, keys_under_avp=rs.trunk.keys_under_avp))
        given_up = {index for index, media in enumerate(answered.media) if media.refused}
        unusable = [index for index, line in enumerate(lines) if line is None and index not in given_up]
        if not rs.lines and not any(lines):
            raise RemoteProtocolError("no stream can be recorded")
        if unusable:
            log.warning("answer_unusable", trunk=rs.trunk.name, lines=unusable)
        for index in unusable:
            lines[index] = rs.lines[index] if index < len(rs.lines) else None
        return tuple(lines)

    def ended(self, event: DialogEnded) -> None:
        """The dialog is over, by whatever cause; a BYE may bring the last word about the parties (siprec.md, Q15)."""
        rs = self._register.by_dialog.get(event.dialog)
        if rs is None:
            return
        if event.request is not None and event.request.body:
            try:
                self._learn(rs, read_body(event.request.headers.get("Content-Type") or "", event.request.body))
            except RemoteProtocolError as error:
                log.warning("bye_body_unreadable", dialog=event.dialog.id.call_id, error=error.reason)
        if event.reason in _LOST:
            # What is still heard is still recorded; the watch ends it when nothing is (siprec.md, Q19).
            log.error("dialog_lost", trunk=rs.trunk.name, reason=event.reason.value)
            self._register.by_dialog.pop(event.dialog)
            rs.dialog = None
            return
        self._register.leave(rs, _CAUSES.get(event.reason, EndCause.FAILED))

    def hang_up(self, rs: Rs, cause: EndCause) -> None:
        """Ends a session from our side, and with it the others of its call."""
        dialogs = rs.dialogs()
        self._register.end(rs, cause)
        for dialog in dialogs:
            self._sip.hang_up(dialog)

    # --- metadata -------------------------------------------------------------------------------------------------

    def _learn(self, rs: Rs, body: Body) -> None:
        """Takes a snapshot in. One that cannot be read, or builds on what is not known, has a full one asked for."""
        if body.metadata is None:
            return
        rs.old_name = body.metadata_type == METADATA_OLD
        why = ""
        try:
            snapshot = read_snapshot(body.metadata)
            rs.needs_snapshot = snapshot.partial and not rs.picture.knows_all_of(snapshot)
            rs.picture = rs.picture.after(snapshot)
        except RemoteProtocolError as error:
            # By its digest it is known among those that were kept; what it says is nothing for a log.
            digest = sha256(body.metadata).hexdigest()[:_DIGEST_DIGITS]
            size = len(body.metadata)
            log.warning("metadata_unreadable", trunk=rs.trunk.name, error=error.reason, size=size, sha256=digest)
            why = rs.facts["metadata_error"] = error.reason
            rs.needs_snapshot = True
        if rs.trunk.keep_snapshots:
            rs.untold.append(Document(body.metadata_type, body.metadata[:METADATA_BYTES_MAX], why))
        if rs.stage is Stage.LIVE:
            self._ask_for_snapshot(rs)

    def _ask_for_snapshot(self, rs: Rs) -> None:
        """One request at a time, at most one in five seconds, and none to a client that takes no UPDATE."""
        now = self._register.clock.now()
        if rs.dialog is None or rs.asking is not None or not rs.needs_snapshot or not srs.may_be_asked(rs.dialog):
            return
        if rs.asked_at is not None and now - rs.asked_at < SNAPSHOT_REQUEST_S:
            return
        rs.asked_at, rs.needs_snapshot = now, False
        try:
            asked = srs.request_for_snapshot(rs.dialog, old_name=rs.old_name, reason="metadata is incomplete")
            rs.asking = self._sip.request(asked)
        except LocalProtocolError as error:
            log.warning("snapshot_not_asked_for", trunk=rs.trunk.name, error=str(error))

    def answered(self, pending: PendingRequest, status: int) -> None:
        """A request of ours has its final answer, or will have none. A client that does not know the new name of metadata is
        asked by the old one."""
        rs = self._register.by_dialog.get(pending.dialog) if pending.dialog is not None else None
        if rs is None or rs.asking is not pending:
            return
        rs.asking = None
        if status == _UNKNOWN_TYPE and not rs.old_name:
            rs.old_name, rs.needs_snapshot, rs.asked_at = True, True, None
        self._ask_for_snapshot(rs)

    def _named(self, rs: Rs, request: Request) -> Named:
        """What the vendor's own names say of the call that is running or begins with this request (siprec.md, Q24)."""
        known_as = next((value for name in rs.trunk.call_uuid_from if (value := _said(rs, request, name))), "")
        wanted: Mapping[str, str] = rs.trunk.user_data_from
        return Named(known_as, {key: value for name, key in wanted.items() if (value := _said(rs, request, name))})

    def _elsewhere(self, retry_after_s: int = _RETRY_AFTER_S) -> Reply:
        return Reply(503, headers=(("Retry-After", str(retry_after_s)),))


def _said(rs: Rs, request: Request, name: str) -> str:
    """What a header field or an element of the metadata of this name says."""
    return request.headers.get(name) or rs.picture.said(name)
