"""Snapshots are read as they were meant, merged by the rule, and refused where they pass a bound (siprec.md, section 5)."""

import pytest

from telegraphone.limits import METADATA_ITEMS_MAX
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.siprec.metadata import Kind, Picture, are_two_calls, read_snapshot, snapshot_request

NAMESPACE = "urn:ietf:params:xml:ns:recording:1"


def document(inner: str, mode: str = "complete") -> bytes:
    return f'<recording xmlns="{NAMESPACE}"><datamode>{mode}</datamode>{inner}</recording>'.encode()


PLAIN = """
<group group_id="g1"><associate-time>2026-01-01T00:00:00Z</associate-time></group>
<session session_id="s1"><sipSessionID>aa;remote=bb</sipSessionID><group-ref>g1</group-ref></session>
<participant participant_id="p1"><nameID aor="sip:15550100@example.com"><name xml:lang="en">Caller</name></nameID></participant>
<participant participant_id="p2"><nameID aor="sip:5001@example.com"/></participant>
<stream stream_id="st1" session_id="s1"><label>96</label></stream>
<stream stream_id="st2" session_id="s1"><label>97</label></stream>
<participantsessionassoc participant_id="p1" session_id="s1"><associate-time>2026-01-01T00:00:00Z</associate-time>
</participantsessionassoc>
<participantsessionassoc participant_id="p2" session_id="s1"/>
<participantstreamassoc participant_id="p1"><send>st1</send><recv>st2</recv></participantstreamassoc>
<participantstreamassoc participant_id="p2"><send>st2</send><recv>st1</recv></participantstreamassoc>
"""


def picture(*documents: bytes) -> Picture:
    drawn = Picture()
    for each in documents:
        drawn = drawn.after(read_snapshot(each))
    return drawn


def test_a_plain_call() -> None:
    drawn = picture(document(PLAIN))
    first, second = drawn.parties()
    assert (first.id, first.aor, first.name, first.sends) == ("p1", "sip:15550100@example.com", "Caller", {"st1"})
    assert (second.aor, second.sends) == ("sip:5001@example.com", {"st2"})
    assert drawn.cs_ids() == ("s1",)
    assert drawn.links() == {"s1", "g1", "aa;remote=bb"}


def test_a_partial_snapshot_changes_what_it_names() -> None:
    stop = '<session session_id="s1"><stop-time>2026-01-01T00:10:00Z</stop-time></session>'
    drawn = picture(document(PLAIN), document(stop, "Partial"))
    assert drawn.of(Kind.CS)[0].text("group-ref") == "g1"
    assert drawn.cs_ids() == ()
    assert drawn.parties() == ()


def test_who_leaves_and_who_joins() -> None:
    moved = """
    <participant participant_id="p3"><nameID aor="sip:5002@example.com"/></participant>
    <participantsessionassoc participant_id="p2" session_id="s1"><disassociate-time>2026-01-01T00:01:00Z</disassociate-time>
    </participantsessionassoc>
    <participantsessionassoc participant_id="p3" session_id="s1"/>
    <participantstreamassoc participant_id="p2"/>
    <participantstreamassoc participant_id="p3"><send>st2</send></participantstreamassoc>"""
    drawn = picture(document(PLAIN), document(moved, "partial"))
    assert [(each.id, each.sends) for each in drawn.parties()] == [("p1", {"st1"}), ("p3", {"st2"})]
    back = '<participantsessionassoc participant_id="p2" session_id="s1"><associate-time>x</associate-time>'
    back += "</participantsessionassoc>"
    assert [each.id for each in picture(document(PLAIN), document(moved, "partial"), document(back, "partial")).parties()] == [
        "p1",
        "p2",
        "p3",
    ]


STOP = '<session session_id="s1"><stop-time>2026-01-01T00:10:00Z</stop-time></session>'


def following(group: str, *parties: str, mode: str = "partial", before: str = STOP) -> bytes:
    """Another session, of this group if any, with these people by id and number."""
    said = [f'<session session_id="s2">{f"<group-ref>{group}</group-ref>" if group else ""}</session>']
    for party in parties:
        name, _, number = party.partition("=")
        said.append(f'<participant participant_id="{name}"><nameID aor="sip:{number}@example.com"/></participant>')
        said.append(f'<participantsessionassoc participant_id="{name}" session_id="s2"/>')
    return document(before + "".join(said), mode)


@pytest.mark.parametrize(
    ("after", "two"),
    [
        (following("g2", "p2=5001", "p8=15550111"), True),
        (following("g2", "p2=5001", "p8=15550111", before=""), False),
        (following("", "p2=5001", "p8=15550111"), False),
        (following("", "p9=5002", "p8=15550111"), True),
        (following("g1", "p9=5002", "p8=15550111"), False),
        (following("g2", "p9=5002", "p8=15550111", mode="complete", before=""), True),
        (following("g2", "x=5001", "y=15550100", mode="complete", before=""), False),
        (following("g1", "p1=15550100", "p9=5002"), False),
        (document(STOP, "partial"), False),
        (following("g2", mode="complete", before=""), False),
        (document('<session session_id="s2"/><participant participant_id="x"/>'), False),
        (following("g2"), True),
    ],
    ids=[
        *("the agent's next caller", "two at once", "perhaps a transfer", "nobody in common", "the same group", "all anew"),
        *("new ids for the same people", "a transfer", "nothing follows", "nobody known", "somebody unknown"),
        "the next of which nobody is known yet",
    ],
)
def test_when_a_session_has_another_call(after: bytes, *, two: bool) -> None:
    assert are_two_calls(picture(document(PLAIN)), picture(document(PLAIN), after)) == two
    dummy = document('<session session_id="s1"/><participant participant_id="d"/>')
    assert not are_two_calls(picture(dummy), picture(dummy, after))


def test_who_is_written_in_another_way_is_the_same() -> None:
    before = PLAIN.replace("sip:5001@", "sip:Anna@")
    anew = following("g2", "x=anna", mode="complete", before="").replace(b"example.com", b"192.0.2.7;user=phone")
    assert b"sip:anna@192.0.2.7;user=phone" in anew
    assert not are_two_calls(picture(document(before)), picture(document(before), anew))


@pytest.mark.parametrize("caller", ["sip:anonymous@anonymous.invalid", "sip:Unavailable@example.com", "tel:unknown"])
def test_two_who_keep_back_who_they_are_are_not_the_same(caller: str) -> None:
    before = PLAIN.replace("sip:15550100@example.com", caller)
    anew = following("g2", "x=15550111", "y=5002", mode="complete", before="").replace(
        b"sip:15550111@example.com", caller.encode()
    )
    assert caller.encode() in anew
    assert are_two_calls(picture(document(before)), picture(document(before), anew))


def test_the_next_call_has_its_own_order_of_parties() -> None:
    drawn = picture(document(PLAIN), following("g2", "p8=15550111", "p2=5001"))
    assert [each.id for each in drawn.parties()] == ["p8", "p2"]


def test_what_a_vendor_says_of_anything_in_the_call_is_found_by_its_name() -> None:
    drawn = picture(document(PLAIN))
    assert {drawn.said(name) for name in ("label", "send", "stop-time", "group-ref", "name", "x-key")} == {""}
    places = ("group", "session", "stream", "participant", "participantsessionassoc", "participantstreamassoc")
    for number, place in enumerate(places):
        more = f"<extensiondata xmlns:x='urn:x'><x:Key{number}>value</x:Key{number}></extensiondata></{place}>"
        assert picture(document(PLAIN.replace(f"</{place}>", more, 1))).said(f"key{number}") == "value", place
    over = '<session session_id="s1"><group-ref>g1</group-ref><stop-time>2026-01-01T00:10:00Z</stop-time><campaign>spring'
    over += '</campaign></session><group group_id="g1"><campaign>summer</campaign></group>'
    assert picture(document(over)).said("campaign") == ""
    assert picture(document(over + '<session session_id="s2"><campaign>autumn</campaign></session>')).said("campaign") == "autumn"


def test_an_association_with_streams_always_states_all_of_them() -> None:
    drawn = picture(document(PLAIN), document('<participantstreamassoc participant_id="p1"/>', "partial"))
    assert drawn.parties()[0].sends == frozenset()


def test_a_complete_snapshot_is_the_new_picture() -> None:
    assert picture(document(PLAIN), document("<participant participant_id='p9'/>")).parties()[0].id == "p9"


def test_a_partial_snapshot_that_builds_on_nothing_known() -> None:
    drawn = picture(document(PLAIN))
    assert drawn.knows_all_of(read_snapshot(document('<participantstreamassoc participant_id="p1"/>', "partial")))
    assert not drawn.knows_all_of(read_snapshot(document('<participantstreamassoc participant_id="p7"/>', "partial")))


def test_one_uuid_on_two_things_names_the_first() -> None:
    uuid = "9f4d2b1a-0c3e-4d5f-8a6b-7c8d9e0f1a2b"
    twice = f'<participant participant_id="{uuid}"/><stream stream_id="{uuid}"/>'
    drawn = picture(document(twice))
    assert drawn.clashes == 1
    assert not drawn.of(Kind.STREAM)
    assert picture(document('<participant participant_id="1"/><stream stream_id="1"/>')).clashes == 0


@pytest.mark.parametrize(
    "bad",
    [
        b"<html/>",
        b"<recording><participant></recording>",
        document("".join(f'<participant participant_id="{n}"/>' for n in range(METADATA_ITEMS_MAX + 1))),
    ],
)
def test_what_is_refused(bad: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        read_snapshot(bad)


def test_many_partial_snapshots_cannot_grow_a_picture_without_bound() -> None:
    drawn = picture(document("".join(f'<participant participant_id="{n}"/>' for n in range(METADATA_ITEMS_MAX))))
    one_more = read_snapshot(document('<participant participant_id="one more"/>', "partial"))
    with pytest.raises(RemoteProtocolError):
        drawn.after(one_more)


def test_bytes_that_are_no_utf_8_cost_a_letter_and_not_the_document() -> None:
    bad = document('<participant participant_id="p1"><nameID aor="sip:1@example.com"><name>M?ller</name></nameID></participant>')
    (party,) = picture(bad.replace(b"?", b"\xfc")).parties()
    assert party.name == "M\ufffdller"


def test_the_request_for_a_snapshot() -> None:
    assert b"<requestsnapshot xmlns='urn:ietf:params:xml:ns:recording:1'><requestreason" in snapshot_request("recovery")
    assert b"requestreason" not in snapshot_request()
