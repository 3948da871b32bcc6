"""One call at a small phone: its dialog, what was agreed about media, and hold."""

from dataclasses import dataclass

from telegraphone.media.g711 import A_TO_MU, MU_TO_A
from telegraphone.phone.audio import PhoneAudio
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import Codec, Direction, SessionDescription, answer, is_telephone_event, offer
from telegraphone.wire.sip.dialog import Dialog
from telegraphone.wire.sip.pending import PendingRequest
from telegraphone.wire.sip.transaction import ServerTransaction

_TABLES = {("PCMU", "PCMA"): MU_TO_A, ("PCMA", "PCMU"): A_TO_MU}


@dataclass(slots=True, eq=False)
class PhoneCall:
    """What a phone knows of its call. `invite` is set if it was called, `pending` if it calls."""

    audio: PhoneAudio
    codecs: tuple[Codec, ...]
    """What the phone can do, best first; its voice speaks the first."""
    ours: SessionDescription
    pending: PendingRequest | None = None
    invite: ServerTransaction | None = None
    dialog: Dialog | None = None
    awaits_answer: bool = False
    holding: bool = False
    """Whether we put the other side on hold."""

    @property
    def wanted(self) -> Direction:
        """What we want of media now: on hold we would send, as music, and hear nothing."""
        return Direction.SENDONLY if self.holding else Direction.SENDRECV

    def offer(self) -> SessionDescription:
        """Our next offer, of which the version is higher if it changes something."""
        fresh = offer(self.codecs, self.wanted, self.audio.host, self.audio.port)
        self.ours = self.ours.successor(fresh.media)
        return self.ours

    def answer(self, offered: SessionDescription) -> SessionDescription:
        """Our answer, already acted on. Raises RemoteProtocolError (488) when nothing fits."""
        fresh = answer(offered, self.codecs, self.wanted, self.audio.host, self.audio.port)
        if fresh.audio() is None:
            raise RemoteProtocolError("no codec in common", status=488)
        self.ours = self.ours.successor(fresh.media)
        self.agreed(offered)
        return self.ours

    def agreed(self, theirs: SessionDescription) -> None:
        """Speaks as the other side's description says, or not at all while it holds or we do."""
        media = theirs.audio()
        ours = self.ours.audio()
        if media is None or ours is None:
            raise RemoteProtocolError("no audio in the description", status=488)
        sound = next((each for each in media.codecs if self._knows(each) and not is_telephone_event(each)), None)
        keys = next((each.payload_type for each in media.codecs if is_telephone_event(each)), None)
        if sound is None:
            raise RemoteProtocolError("no codec in common", status=488)
        speaks = theirs.direction_of(media).receives and not self.holding
        to = (theirs.address_of(media), media.port) if speaks else None
        table = _TABLES.get((self.codecs[0].name, sound.name.upper()))
        self.audio.speak_to(to, sound.payload_type, table, keys)

    def _knows(self, codec: Codec) -> bool:
        return any(codec.is_like(mine) for mine in self.codecs)
