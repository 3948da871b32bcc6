"""Keys by handshake: both sides know the same, whoever is not who was announced gets none, and loss is survived (F23)."""

import pytest

from telegraphone.capture.dtls import Handshake, HandshakeFailed, Identity

OURS, THEIRS, STRANGER = Identity(), Identity(), Identity()


def pair(theirs: str = THEIRS.fingerprint) -> tuple[Handshake, Handshake]:
    return Handshake(OURS, (theirs,), active=False), Handshake(THEIRS, (OURS.fingerprint,), active=True)


def talk(server: Handshake, client: Handshake, lost: int = -1) -> None:
    """Carries datagrams until both have nothing to say, but not the one of that number."""
    count = 0
    for _ in range(20):
        for sender, receiver in ((client, server), (server, client)):
            for datagram in sender.data_to_send():
                assert datagram[0] in range(20, 64)  # RFC 7983 section 7
                assert len(datagram) <= 1_200
                if count != lost:
                    receiver.receive(datagram)
                count += 1


def test_each_knows_what_the_other_encrypts_with() -> None:
    server, client = pair()
    talk(server, client)
    assert server.keys is not None
    assert client.keys is not None
    assert server.keys.suite == client.keys.suite == "AEAD_AES_128_GCM"
    assert len(server.keys.master) == 28
    assert server.keys.master != client.keys.master
    assert server.keys.master.hex() not in repr(server.keys)


def test_whoever_begins_the_outcome_is_the_same() -> None:
    server, client = Handshake(THEIRS, (OURS.fingerprint,), active=False), Handshake(OURS, (THEIRS.fingerprint,), active=True)
    talk(server, client)
    assert server.keys is not None
    assert client.keys is not None


def test_another_certificate_than_announced_gives_no_keys() -> None:
    server, client = pair(STRANGER.fingerprint)
    with pytest.raises(HandshakeFailed, match="announced"):
        talk(server, client)
    assert server.keys is None


@pytest.mark.parametrize("fingerprint", ["", "md5 00:11", "sha-1 " + "00:" * 19 + "00"])
def test_what_proves_nothing_is_not_even_tried(fingerprint: str) -> None:
    with pytest.raises(HandshakeFailed, match="safe hash"):
        Handshake(OURS, (fingerprint,), active=False)


@pytest.mark.parametrize("garbage", [b"", b"\x16", b"\x16\xfe\xfd" + bytes(10), bytes(range(20, 64)) * 4, b"\x80" * 200])
def test_garbage_changes_nothing(garbage: bytes) -> None:
    server, client = pair()
    if garbage:
        server.receive(garbage)
    talk(server, client)
    assert server.keys is not None


def test_a_lost_datagram_is_sent_again() -> None:
    server, client = pair()
    talk(server, client, lost=0)
    assert server.keys is None
    due = client.seconds_to_repeat()
    assert due is not None
    assert 0 <= due <= 1
