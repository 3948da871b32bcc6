"""A small recording client (SRC): forks calls that never were, with tones for voices, to the recorder under test."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from telegraphone.endpoints.sip import SipEndpoint
from telegraphone.endpoints.sip_tls import SipTls
from telegraphone.media.g711 import MU_TO_A
from telegraphone.phone.audio import PhoneAudio
from telegraphone.phone.voices import FRAME_S, Voice, tone
from telegraphone.wire.sdp import PCMA, PCMU, Direction, Media, SessionDescription
from telegraphone.wire.sip.commands import InDialogRequest, OutgoingRequest, Reply
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.events import (
    DialogEnded,
    RequestArrived,
    ResponseArrived,
    SipEvent,
    TransactionTimedOut,
    TransportFailed,
)
from telegraphone.wire.sip.message import Request, Response
from telegraphone.wire.sip.options import SipOptions
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr, SipUri
from telegraphone.wire.siprec.body import ACCEPTED, METADATA, MULTIPART

HOST = "127.0.0.1"
BOUNDARY = "part-of-it"
PATIENCE_S = 30.0
NO_TLS = SipTls()


@dataclass(frozen=True, slots=True)
class Party:
    """One participant: its address of record, its pitch, and the label of its stream."""

    aor: str
    hertz: int
    label: str

    @property
    def id(self) -> str:
        return f"id-of-{self.aor}"


CALLER = Party("sip:15550100@example.com", 500, "1")
AGENT = Party("sip:5001@pbx.example.com", 700, "2")
OTHER_AGENT = Party("sip:5002@pbx.example.com", 900, "2")


def metadata(parties: Sequence[Party], gone: Sequence[Party] = (), *, cs: str = "cs-1", partial: bool = False) -> bytes:
    """A snapshot that says who takes part and whose voice is where."""
    xml = [
        "<?xml version='1.0' encoding='UTF-8'?><recording xmlns='urn:ietf:params:xml:ns:recording:1'>",
        f"<datamode>{'partial' if partial else 'complete'}</datamode>",
        f"<group group_id='group-1'/><session session_id='{cs}'><group-ref>group-1</group-ref></session>",
    ]
    for party in parties:
        xml += [
            f"<participant participant_id='{party.id}'><nameID aor='{party.aor}'/></participant>",
            f"<stream stream_id='stream-{party.label}' session_id='{cs}'><label>{party.label}</label></stream>",
            f"<participantsessionassoc participant_id='{party.id}' session_id='{cs}'/>",
            f"<participantstreamassoc participant_id='{party.id}'><send>stream-{party.label}</send></participantstreamassoc>",
        ]
    for party in gone:
        xml += [
            f"<participantsessionassoc participant_id='{party.id}' session_id='{cs}'>",
            "<disassociate-time>2026-01-01T00:00:00Z</disassociate-time></participantsessionassoc>",
        ]
    return ("".join(xml) + "</recording>").encode()


def packed(sdp: bytes | None, snapshot: bytes | None, kind: str = METADATA) -> tuple[str, bytes]:
    """Content type and bytes of a body that holds one or both."""
    if snapshot is None:
        return ("", b"") if sdp is None else ("application/sdp", sdp)
    parts = [] if sdp is None else [b"Content-Type: application/sdp\r\n\r\n" + sdp]
    parts.append(f"Content-Type: {kind}\r\nContent-Disposition: recording-session\r\n\r\n".encode() + snapshot)
    body = b"".join(b"--" + BOUNDARY.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return f"{MULTIPART};boundary={BOUNDARY}", body + f"--{BOUNDARY}--\r\n".encode()


class Mouth(PhoneAudio):
    """A sender that can be made to send anything."""

    said = 0
    """How many frames it has sent by itself."""

    def _send(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool) -> None:
        super()._send(payload_type, timestamp, payload, marker=marker)
        self.said += 1

    def send_raw(self, packet: bytes, to: tuple[str, int]) -> None:
        self._rtp.sendto(packet, to)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The sender of a line that another program plays, at this port."""

    port: int

    def speak_to(self, to: tuple[str, int] | None, payload_type: int, table: bytes | None, event_type: int | None) -> None:
        """It knows by itself."""

    def close(self) -> None:
        """It ends by itself."""


class Refused(Exception):
    """The recorder did not take it."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"{response.status} {response.reason}")
        self.response = response


@dataclass(slots=True, eq=False)
class Fork:
    """One forked call: its dialog and the sender of each line."""

    client: "RecordingClient"
    dialog: Dialog
    answer: SessionDescription
    audio: list[Mouth | Elsewhere]
    ours: SessionDescription
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[Request] = field(default_factory=list)
    """What the recorder has asked for in this dialog."""
    silent: bool = False
    """Whether the caller says what is sent."""

    def speak(self) -> None:
        """Sends every line that was taken to where the recorder wants it."""
        for audio, media in zip(self.audio, self.answer.media, strict=True):
            if media.refused or media.direction is Direction.INACTIVE:
                audio.speak_to(None, 0, None, None)
            else:
                codec = media.codecs[0]
                table = MU_TO_A if codec.name == "PCMA" else None
                audio.speak_to((self.answer.address_of(media), media.port), codec.payload_type, table, None)

    async def says(self, seconds: float) -> None:
        """Returns when every line has sent so much more; a sender that stands still leaves out what nobody said meanwhile."""
        goals = [(each, each.said + round(seconds / FRAME_S)) for each in self.audio if isinstance(each, Mouth)]
        async with asyncio.timeout(seconds + PATIENCE_S):
            while any(each.said < goal for each, goal in goals):  # noqa: ASYNC110 - a number has no event
                await asyncio.sleep(FRAME_S)

    async def change(
        self,
        method: str = "INVITE",
        *,
        media: Sequence[Media] | None = None,
        snapshot: bytes | None = None,
        kind: str = METADATA,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Response:
        """A re-INVITE or UPDATE with a new description, metadata, or both; or another request, with fields of its own."""
        sdp = None
        if media is not None:
            self.ours = self.ours.successor(tuple(media))
            sdp = self.ours.serialize()
        content_type, body = packed(sdp, snapshot, kind)
        response = await self.client.outcome(
            InDialogRequest(dialog=self.dialog, method=method, headers=headers, body=body, content_type=content_type)
        )
        if response.success and media is not None:
            self.answer = SessionDescription.parse(response.body)
            if not self.silent:
                self.speak()
        return response

    def with_direction(self, direction: Direction) -> list[Media]:
        """Our lines, all going this way."""
        return [Media(m.kind, m.port, m.codecs, direction, attributes=m.attributes) for m in self.ours.media]

    async def hang_up(self) -> None:
        """BYE, and the silence after it."""
        for audio in self.audio:
            audio.close()
        self.client.sip.hang_up(self.dialog)
        await asyncio.sleep(0.05)


class RecordingClient:
    """The client's side; `sip` may be used directly for what no method does."""

    def __init__(self, server: tuple[str, int], transport: str) -> None:
        self.server = server
        self.transport = transport
        self.forks: list[Fork] = []
        self._waiting: dict[PendingRequest, asyncio.Future[ResponseArrived]] = {}
        self.sip: SipEndpoint

    async def open(self, host: str, tls: SipTls) -> None:
        options = SipOptions(
            host=host, contact_params=";+sip.src", supported=("siprec", "timer"), accept=ACCEPTED, session_expires_s=0
        )
        self.sip = await SipEndpoint.open(host, 0, options, self._handle, tls=tls)

    async def outcome(self, command: OutgoingRequest | InDialogRequest) -> Response:
        """The final response to a request."""
        return (await self.final(command)).response

    async def fork(
        self,
        parties: Sequence[Party] = (CALLER, AGENT),
        *,
        snapshot: bytes | None = b"",
        headers: tuple[tuple[str, str], ...] = (("Require", "siprec"),),
        voices: Sequence[Voice] = (),
        lines: Sequence[Media] = (),
        audio: "Sequence[Mouth | Elsewhere]" = (),
        silent: bool = False,
    ) -> Fork:
        """Forks a call: a line for each party. `snapshot` None: no metadata; empty: what the parties say. With `lines` the
        caller has made the senders, and says what is sent if it is `silent`. Raises Refused."""
        audio = list(audio) or self.new_audio(voices or [tone(party.hertz) for party in parties])
        media = tuple(lines) or tuple(
            Media("audio", each.port, (PCMU, PCMA), Direction.SENDONLY, attributes=(("label", party.label),))
            for each, party in zip(audio, parties, strict=True)
        )
        ours = SessionDescription(HOST, media, int.from_bytes(secrets.token_bytes(4), "big"))
        content_type, body = packed(ours.serialize(), metadata(parties) if snapshot == b"" else snapshot)
        event = await self.final(
            OutgoingRequest(
                method="INVITE",
                uri=SipUri(self.server[0], "recorder", self.server[1]),
                from_=NameAddr(SipUri(HOST, "src")),
                headers=headers,
                body=body,
                content_type=content_type,
                flow=Flow(self.transport, *self.server),
            )
        )
        if not event.response.success:
            for each in audio:
                each.close()
            raise Refused(event.response)
        assert event.dialog is not None
        made = Fork(self, event.dialog, SessionDescription.parse(event.response.body), audio, ours, silent=silent)
        self.forks.append(made)
        if not silent:
            made.speak()
        return made

    @staticmethod
    def new_audio(voices: Sequence[Voice]) -> "list[Mouth]":
        """A sender for each voice."""
        return [Mouth(HOST, voice, secrets.token_bytes) for voice in voices]

    @staticmethod
    def a_law(payload: bytes) -> bytes:
        """µ-law as A-law."""
        return payload.translate(MU_TO_A)

    async def final(self, command: OutgoingRequest | InDialogRequest) -> ResponseArrived:
        """The final response to a request, and the dialog it made."""
        future: asyncio.Future[ResponseArrived] = asyncio.get_running_loop().create_future()
        self._waiting[self.sip.request(command)] = future
        async with asyncio.timeout(PATIENCE_S):
            return await future

    def _handle(self, event: SipEvent) -> None:
        match event:
            case ResponseArrived(pending, response) if not response.provisional:
                if future := self._waiting.pop(pending, None):
                    future.set_result(event)
            case TransactionTimedOut(pending) | TransportFailed(pending):
                if future := self._waiting.pop(pending, None):
                    future.set_exception(ConnectionError(str(event)))
            case RequestArrived(transaction, request, dialog):
                for fork in self.forks:
                    if fork.dialog is dialog:
                        fork.asked.append(request)
                self.sip.respond(transaction, Reply(200))
            case DialogEnded(dialog):
                for fork in self.forks:
                    if fork.dialog is dialog:
                        fork.ended.set()
            case _:
                pass


@asynccontextmanager
async def recording_client(
    server: tuple[str, int], transport: str = "UDP", *, tls: SipTls = NO_TLS
) -> AsyncIterator[RecordingClient]:
    """A client of this recorder, by this transport."""
    client = RecordingClient(server, transport)
    await client.open(HOST, tls)
    try:
        yield client
    finally:
        for fork in client.forks:
            if not fork.ended.is_set():
                for audio in fork.audio:
                    audio.close()
        await client.sip.close()
