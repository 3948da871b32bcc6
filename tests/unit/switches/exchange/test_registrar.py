"""Bindings come, are renewed, run out and go; nobody registers for somebody else, or without a proof."""

import itertools

import pytest

from telegraphone.domain.ids import Dn
from telegraphone.domain.legs import DeviceRegistered, DeviceUnregistered
from telegraphone.limits import (
    LOGIN_FAILURE_FORGIVEN_S,
    LOGIN_FAILURES_PER_USER_MAX,
    REGISTRATION_CONTACTS_MAX,
    REGISTRATION_S_MAX,
    REGISTRATION_S_MIN,
)
from telegraphone.switches.exchange.accounts import Account, Accounts
from telegraphone.switches.exchange.registrar import Registrar
from telegraphone.wire.sip.commands import Reply
from telegraphone.wire.sip.digest import Credentials, answer_challenge
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import SipUri

FLOW = Flow("UDP", "192.0.2.7", 5060)
NOW = 100.0
ONE, TWO = "<sip:5000@192.0.2.7:5060>", "<sip:5000@192.0.2.8:5060>"


class Desk:
    """A registrar, and somebody who registers with it and knows how to answer its challenges."""

    def __init__(self) -> None:
        numbers = itertools.count()
        accounts = Accounts([Account("5000", "anna", "secret"), Account("5001", "ben", "hidden")])
        self.registrar = Registrar(accounts, "example.com", lambda size: next(numbers).to_bytes(size, "big"))
        self._cseq = itertools.count(1)

    def request(self, *contacts: str, to: str = "5000", expires: str | None = "300", cseq: int | None = None) -> Request:
        fields = [
            ("Via", "SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1"),
            ("From", f"<sip:{to}@example.com>;tag=a"),
            ("To", f"<sip:{to}@example.com>"),
            ("Call-ID", "one"),
            ("CSeq", f"{next(self._cseq) if cseq is None else cseq} REGISTER"),
            *(("Contact", each) for each in contacts),
        ]
        if expires is not None:
            fields.append(("Expires", expires))
        return Request(Headers(fields), b"", "REGISTER", SipUri("example.com"))

    def prove(self, request: Request, user: str, password: str, now: float) -> Request:
        challenges = [value for name, value in self.registrar.receive(request, FLOW, now).headers if name == "WWW-Authenticate"]
        answer = answer_challenge(challenges, Credentials(user, password), request, "cnonce")
        assert answer is not None
        return Request(request.headers.adding("Authorization", answer), b"", request.method, request.uri)

    def register(
        self, *contacts: str, to: str = "5000", expires: str | None = "300", now: float = NOW, cseq: int | None = None
    ) -> Reply:
        request = self.request(*contacts, to=to, expires=expires, cseq=cseq)
        return self.registrar.receive(self.prove(request, "anna", "secret", now), FLOW, now)

    def uris(self, now: float = NOW) -> list[str]:
        return [f"<{each.uri}>" for each in self.registrar.bindings("5000", now)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_without_a_proof_there_is_a_challenge_for_each_digest(desk: Desk) -> None:
    reply = desk.registrar.receive(desk.request(ONE), FLOW, NOW)
    assert reply.status == 401
    assert [value.partition("algorithm=")[2].partition(",")[0] for _, value in reply.headers] == ["SHA-256", "MD5"]
    assert desk.uris() == []


@pytest.mark.parametrize(("user", "password"), [("anna", "guess"), ("nobody", "secret")])
def test_a_wrong_proof_is_refused(desk: Desk, user: str, password: str) -> None:
    request = desk.prove(desk.request(ONE), user, password, NOW)
    assert desk.registrar.receive(request, FLOW, NOW).status == 403
    assert desk.uris() == []


def test_nobody_registers_for_somebody_else(desk: Desk) -> None:
    assert desk.register(ONE, to="5001").status == 403
    assert desk.registrar.bindings("5001", NOW) == ()


def test_a_proof_serves_once(desk: Desk) -> None:
    request = desk.prove(desk.request(ONE), "anna", "secret", NOW)
    assert desk.registrar.receive(request, FLOW, NOW).status == 200
    assert desk.registrar.receive(request, FLOW, NOW).status == 401


def test_a_phone_comes_and_goes(desk: Desk) -> None:
    reply = desk.register(ONE)
    assert reply.status == 200
    assert ("Contact", f"{ONE};expires=300") in reply.headers
    (binding,) = desk.registrar.bindings("5000", NOW)
    assert (binding.flow, binding.expires_at) == (FLOW, NOW + 300)
    assert desk.registrar.events() == [DeviceRegistered(Dn("5000"))]
    assert desk.register(ONE, expires="0").status == 200
    assert desk.registrar.events() == [DeviceUnregistered(Dn("5000"))]
    assert len(desk.registrar) == 0


def test_a_number_is_reachable_while_one_of_its_phones_is(desk: Desk) -> None:
    desk.register(ONE)
    desk.register(TWO)
    assert desk.uris() == [TWO, ONE]
    desk.register(TWO, expires="0")
    assert desk.registrar.events() == [DeviceRegistered(Dn("5000"))]
    desk.register(ONE, expires="0")
    assert desk.registrar.events() == [DeviceUnregistered(Dn("5000"))]


def test_all_go_at_once(desk: Desk) -> None:
    desk.register(ONE, TWO)
    assert desk.register("*", expires="60").status == 400
    assert len(desk.registrar) == 2
    assert desk.register("*", expires="0").status == 200
    assert len(desk.registrar) == 0


def test_asking_changes_nothing(desk: Desk) -> None:
    desk.register(ONE, TWO)
    listed = [value for name, value in desk.register(expires=None).headers if name == "Contact"]
    assert listed == [f"{ONE};expires=300", f"{TWO};expires=300"]


def test_time_runs_out(desk: Desk) -> None:
    desk.register(ONE)
    assert desk.registrar.next_expiry() == NOW + 300
    desk.registrar.expire(NOW + 299)
    assert len(desk.registrar) == 1
    desk.registrar.expire(NOW + 300)
    assert len(desk.registrar) == 0
    assert desk.registrar.events()[-1] == DeviceUnregistered(Dn("5000"))
    assert desk.registrar.next_expiry() is None


def test_renewal_keeps_the_phone(desk: Desk) -> None:
    desk.register(ONE)
    desk.register(ONE, now=NOW + 200)
    assert desk.uris(NOW + 400) == [ONE]
    assert desk.registrar.events() == [DeviceRegistered(Dn("5000"))]


def test_too_short_is_refused_and_too_long_is_cut(desk: Desk) -> None:
    reply = desk.register(ONE, expires=str(REGISTRATION_S_MIN - 1))
    assert (reply.status, reply.headers) == (423, (("Min-Expires", str(REGISTRATION_S_MIN)),))
    desk.register(ONE, expires=str(REGISTRATION_S_MAX + 1))
    assert desk.registrar.next_expiry() == NOW + REGISTRATION_S_MAX


def test_a_contact_may_have_a_time_of_its_own(desk: Desk) -> None:
    desk.register(f"{ONE};expires=60", expires="300")
    assert desk.registrar.next_expiry() == NOW + 60


def test_an_old_request_does_not_undo_a_newer_one(desk: Desk) -> None:
    desk.register(ONE, cseq=7)
    assert desk.register(ONE, expires="0", cseq=6).status == 500
    assert len(desk.registrar) == 1


def test_either_all_or_nothing_is_changed(desk: Desk) -> None:
    assert desk.register(ONE, f"{TWO};expires=1").status == 423
    assert len(desk.registrar) == 0


@pytest.mark.parametrize("contact", ["<mailto:anna@example.com>", "<sips:5000@192.0.2.7>", "no address <"])
def test_a_contact_that_cannot_be_called(desk: Desk, contact: str) -> None:
    assert desk.register(contact).status == 400
    assert len(desk.registrar) == 0


def test_one_number_has_only_so_many_phones(desk: Desk) -> None:
    for number in range(REGISTRATION_CONTACTS_MAX):
        assert desk.register(f"<sip:5000@192.0.2.{number}>").status == 200
    assert desk.register("<sip:5000@192.0.2.99>").status == 503
    assert desk.register("<sip:5000@192.0.2.1>").status == 200


def test_accounts_are_told_apart() -> None:
    with pytest.raises(ValueError, match="share"):
        Accounts([Account("5000", "anna", "x"), Account("5000", "ben", "y")])
    with pytest.raises(ValueError, match="share"):
        Accounts([Account("5000", "anna", "x"), Account("5001", "anna", "y")])


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(Account("5000", "anna", "secret"))


def test_a_contact_for_tls_alone_is_taken_by_tls_alone(desk: Desk) -> None:
    asked = desk.prove(desk.request("<sips:5000@192.0.2.7>"), "anna", "secret", NOW)
    assert desk.registrar.receive(asked, Flow("TLS", "192.0.2.7", 40_000, 1), NOW).status == 200


def test_a_phone_says_that_it_can_be_told_to_answer(desk: Desk) -> None:
    desk.register(ONE)
    assert [each.talks for each in desk.registrar.bindings("5000", NOW)] == [False]
    asked = desk.request(TWO)
    asked = Request(asked.headers.adding("Allow-Events", "talk, hold"), b"", asked.method, asked.uri)
    desk.registrar.receive(desk.prove(asked, "anna", "secret", NOW), FLOW, NOW)
    assert [each.talks for each in desk.registrar.bindings("5000", NOW)] == [True, False]


def guesses(desk: Desk, user: str, flow: Flow, now: float = NOW) -> list[int]:
    """The answers to forty wrong passwords."""
    requests = (desk.prove(desk.request(ONE), user, "wrong", now) for _ in range(40))
    return [desk.registrar.receive(each, flow, now).status for each in requests]


def test_who_guesses_is_slowed_down_and_locks_nobody_out(desk: Desk) -> None:
    desk.register(ONE)
    stranger = Flow("UDP", "198.51.100.1", 5060)
    assert guesses(desk, "anna", stranger) == [403] * LOGIN_FAILURES_PER_USER_MAX + [503] * 30
    assert desk.register(ONE).status == 200
    assert guesses(desk, "ben", stranger)[-1] == 503
    right = desk.prove(desk.request(ONE, to="5001"), "ben", "hidden", NOW)
    assert desk.registrar.receive(right, stranger, NOW).status == 503
    later = NOW + 100 * LOGIN_FAILURE_FORGIVEN_S
    right = desk.prove(desk.request(ONE, to="5001"), "ben", "hidden", later)
    assert desk.registrar.receive(right, stranger, later).status == 200


def test_forged_tries_in_the_name_of_a_registered_phone_do_not_lock_its_neighbours_out(desk: Desk) -> None:
    desk.register(ONE)
    assert guesses(desk, "anna", FLOW)[-1] == 503
    right = desk.prove(desk.request(ONE, to="5001"), "ben", "hidden", NOW)
    assert desk.registrar.receive(right, FLOW, NOW).status == 200
