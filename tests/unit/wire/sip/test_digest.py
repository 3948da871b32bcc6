"""Digest authentication: the examples of RFC 7616, our two sides against each other, replays and stale nonces."""

import pytest

from telegraphone.limits import SIP_NONCE_S, SIP_NONCES_MAX
from telegraphone.wire.sip.commands import OutgoingRequest
from telegraphone.wire.sip.digest import Authenticator, Credentials, Verdict, answer_challenge, hash_secret
from telegraphone.wire.sip.events import RequestArrived, ResponseArrived
from telegraphone.wire.sip.fields import AuthValue
from telegraphone.wire.sip.headers import Headers
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.uri import NameAddr, SipUri
from tests.unit.wire.sip.network import Network, Node, entropy_of

PASSWORDS = {"5000": "a long secret"}


def server(**more) -> Authenticator:
    return Authenticator("example.com", b"k" * 32, entropy_of("nonces"), **more)


def request(authorization: str = "", method: str = "REGISTER") -> Request:
    fields = [("Authorization", authorization)] if authorization else []
    return Request(Headers(fields), b"", method, SipUri("example.com"))


def answered(authenticator: Authenticator, now: float, password: str = "a long secret", user: str = "5000") -> Request:
    answer = answer_challenge(authenticator.challenges(now), Credentials(user, password), request(), "c0ffee")
    assert answer is not None
    return request(answer)


def verify(authenticator: Authenticator, given: Request, now: float) -> tuple[Verdict, str]:
    return authenticator.verify(given, PASSWORDS.get, now)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616_section_3_9_1(algorithm, expected):
    challenge = (
        'Digest realm="http-auth@example.org", qop="auth, auth-int", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", '
        f'algorithm={algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"'
    )
    asked = Request(Headers(), b"", "GET", SipUri("", scheme="", opaque="x"))

    class Path:
        def __str__(self) -> str:
            return "/dir/index.html"

    object.__setattr__(asked, "uri", Path())
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    answer = answer_challenge([challenge], Credentials("Mufasa", "Circle of Life"), asked, cnonce)
    value = AuthValue.parse(answer)
    assert value.get("response") == expected
    assert value.get("opaque") == "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
    assert (value.get("nc"), value.get("qop"), value.get("cnonce")) == ("00000001", "auth", cnonce)


def test_good_credentials_are_proved():
    authenticator = server()
    assert verify(authenticator, answered(authenticator, 100.0), 101.0) == (Verdict.GOOD, "5000")


def test_the_client_takes_the_strongest_challenge():
    challenges = server(algorithms=("MD5", "SHA-256", "SHA-512-256")).challenges(0.0)
    answer = answer_challenge(challenges, Credentials("5000", "x"), request(), "c")
    assert AuthValue.parse(answer).get("algorithm") == "SHA-512-256"


@pytest.mark.parametrize(
    "challenge",
    ['Digest realm="x", nonce="n", algorithm=FOO', "Basic realm=x", 'Digest realm="x", nonce="n", qop="auth-int"', "x"],
)
def test_a_challenge_nobody_can_meet(challenge):
    assert answer_challenge([challenge], Credentials("5000", "x"), request(), "c") is None


def test_an_old_phone_without_qop_is_proved_once():
    authenticator = server()
    bare = [line.replace(', qop="auth"', "") for line in authenticator.challenges(0.0)]
    given = request(answer_challenge(bare, Credentials("5000", "a long secret"), request(), "c"))
    assert "qop" not in given.headers.get("Authorization")
    assert verify(authenticator, given, 1.0)[0] is Verdict.GOOD
    assert verify(authenticator, given, 1.0)[0] is Verdict.STALE


@pytest.mark.parametrize(("user", "password"), [("5000", "wrong"), ("nobody", "a long secret"), ("nobody", "")])
def test_wrong_credentials(user, password):
    authenticator = server()
    assert verify(authenticator, answered(authenticator, 0.0, password, user), 1.0) == (Verdict.WRONG, "")


def test_a_proof_is_bound_to_method():
    authenticator = server()
    given = answered(authenticator, 0.0)
    moved = Request(given.headers, b"", "INVITE", given.uri)
    assert verify(authenticator, moved, 1.0)[0] is Verdict.WRONG


def test_a_replay_is_stale():
    authenticator = server()
    given = answered(authenticator, 0.0)
    assert verify(authenticator, given, 1.0)[0] is Verdict.GOOD
    assert verify(authenticator, given, 2.0)[0] is Verdict.STALE


def test_a_nonce_grows_old():
    authenticator = server()
    given = answered(authenticator, 0.0)
    assert verify(authenticator, given, SIP_NONCE_S + 1)[0] is Verdict.STALE
    assert "stale=true" in authenticator.challenges(0.0, stale=True)[0]


def test_a_nonce_of_another_server_is_stale():
    foreign = Authenticator("example.com", b"x" * 32, entropy_of("other"))
    assert verify(server(), answered(foreign, 0.0), 1.0)[0] is Verdict.STALE


@pytest.mark.parametrize(
    "value", ["", "Digest", "NoOneKnowsThisScheme opaque-data=here", 'Digest realm="other", nonce="x"', "Digest x"]
)
def test_what_proves_nothing(value):
    assert verify(server(), request(value), 0.0) == (Verdict.ABSENT, "")


def test_remembered_counts_are_bounded():
    authenticator = server()
    for number in range(SIP_NONCES_MAX + 5):
        assert authenticator._is_new_count(str(number), "1")
    assert len(authenticator._counts) == SIP_NONCES_MAX
    assert not authenticator._is_new_count("x", "zz")


def test_passwords_are_not_printed():
    assert "secret" not in repr(Credentials("5000", "secret"))
    assert hash_secret("MD5", "a", "b", "c") == hash_secret("MD5", "a", "b", "c")


class TestThroughTheEngine:
    def guarded(self, network: Network) -> Node:
        authenticator = server()

        def handle(node: Node, event: object) -> None:
            if not isinstance(event, RequestArrived):
                return
            verdict, _ = authenticator.verify(event.request, PASSWORDS.get, network.now)
            if verdict is Verdict.GOOD:
                node.respond(event, 200)
            else:
                stale = verdict is Verdict.STALE
                lines = authenticator.challenges(network.now, stale=stale)
                node.respond(event, 401, headers=tuple(("WWW-Authenticate", line) for line in lines))

        return network.node("192.0.2.2", handle)

    def register(self, password: str) -> list[int]:
        network = Network()
        a = network.node("192.0.2.1")
        self.guarded(network)
        uri = SipUri("192.0.2.2")
        me = NameAddr(SipUri("192.0.2.2", "5000"))
        command = OutgoingRequest(
            method="REGISTER", uri=uri, from_=me, to=me, credentials=Credentials("5000", password), cseq=7, call_id="one"
        )
        pending = a.request(command)
        network.run(1)
        assert pending.request.cseq.number == 8
        assert pending.request.call_id == "one"
        return [event.response.status for event in a.of(ResponseArrived)]

    def test_a_challenge_is_answered_unseen(self):
        assert self.register("a long secret") == [200]

    def test_a_wrong_password_is_told_once(self):
        assert self.register("wrong") == [401]
