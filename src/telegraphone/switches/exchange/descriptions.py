"""Reads what a phone's session description means for the relay, and writes ours."""

from typing import Final

from telegraphone.services.ports import MediaAddress
from telegraphone.switches.exchange.media_port import Party
from telegraphone.switches.exchange.payloads import Payloads
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sdp import (
    NOWHERE,
    PCMA,
    PCMU,
    TELEPHONE_EVENT,
    Codec,
    Direction,
    Media,
    SessionDescription,
    answer,
    common_codecs,
    is_address,
    offer,
)

CAPABILITIES: Final = (PCMU, PCMA, TELEPHONE_EVENT)
NOT_ACCEPTABLE: Final = 488


def our_offer(address: MediaAddress, session_id: int) -> SessionDescription:
    """All we can do, both ways."""
    return offer(CAPABILITIES, Direction.SENDRECV, address.host, address.port, session_id=session_id)


def our_answer(offered: SessionDescription, address: MediaAddress) -> SessionDescription:
    """The answer to a phone's offer. Raises RemoteProtocolError (488) when it has no audio that we know, or from no address."""
    answered = answer(offered, CAPABILITIES, Direction.SENDRECV, address.host, address.port)
    if answered.audio() is None:
        raise RemoteProtocolError("no codec in common", status=NOT_ACCEPTABLE)
    _must_have_address(offered, offered.media[answered.media.index(answered.audio())])
    return answered


def party_offering(offered: SessionDescription, answered: SessionDescription, latch_host: str | None) -> Party:
    """The phone as its offer and our answer describe it: we take the payload types it offered, so both ways agree."""
    ours = answered.audio()
    theirs = next((one for one, mine in zip(offered.media, answered.media, strict=True) if mine is ours), None)
    assert ours is not None
    assert theirs is not None
    return _party(offered, offered.media.index(theirs), _by_type(ours.codecs), latch_host)


def party_answering(answered: SessionDescription, offered: SessionDescription, latch_host: str | None) -> Party:
    """The phone as its answer to our offer describes it: it sends by our payload types and receives by its own
    (RFC 3264 section 6.1). Raises RemoteProtocolError (488) for an answer without audio that we offered."""
    theirs, ours = answered.audio(), offered.audio()
    shared = () if theirs is None or ours is None else common_codecs(theirs.codecs, ours.codecs)
    if theirs is None or ours is None or not shared:
        raise RemoteProtocolError("the answer takes nothing of the offer", status=NOT_ACCEPTABLE)
    _must_have_address(answered, theirs)
    accepted = tuple(codec for codec in ours.codecs if any(codec.is_like(other) for other in shared))
    both = _by_type(accepted)
    from_party = {**_by_type(shared).from_party, **both.from_party}
    payloads = Payloads(from_party, _by_type(shared).to_party)
    return _party(answered, answered.media.index(theirs), payloads, latch_host)


def _party(description: SessionDescription, index: int, payloads: Payloads, latch_host: str | None) -> Party:
    media = description.media[index]
    host = description.address_of(media)
    direction = description.direction_of(media)
    nowhere = host in NOWHERE
    return Party(
        MediaAddress(host, media.port),
        payloads,
        description.control_address_of(media)[1],
        sends=direction.sends and not nowhere,
        receives=direction.receives and not nowhere,
        latch_host=latch_host,
    )


def _must_have_address(description: SessionDescription, media: Media) -> None:
    host = description.address_of(media)
    if host not in NOWHERE and not is_address(host):
        raise RemoteProtocolError(f"{host} is no IP address", status=NOT_ACCEPTABLE)


def _by_type(codecs: tuple[Codec, ...]) -> Payloads:
    named = [(codec.payload_type, _name(codec)) for codec in codecs]
    to_party: dict[str, int] = {}
    for payload_type, name in named:
        to_party.setdefault(name, payload_type)
    return Payloads(dict(named), to_party)


def _name(codec: Codec) -> str:
    return next(mine.name for mine in CAPABILITIES if mine.is_like(codec))
