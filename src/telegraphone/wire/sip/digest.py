"""Proves who sends a request without sending the password: digest authentication, both sides (RFC 7616, RFC 8760).

The server's nonces carry the time of their making under a keyed hash, so none has to be remembered until it is used;
once used, its highest count is kept (bounded), and a request that repeats a count is a replay. The client answers the
strongest challenge it knows: SHA-512-256, SHA-256, then MD5, which old phones still need (RFC 8760 section 2.4 lets
the server offer all, strongest first).
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from telegraphone.limits import SIP_NONCE_S, SIP_NONCES_MAX
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.fields import AuthValue
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.uri import quote

_HASHES: Final = {"SHA-512-256": "sha512_256", "SHA-256": "sha256", "MD5": "md5"}
"""Algorithm names of the field and of the hash library, strongest first."""

_NONCE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and password; the password is kept out of every printed form."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials({self.username!r}, …)"


class Verdict(Enum):
    """What a set of credentials is worth."""

    GOOD = "proved"
    ABSENT = "none for our realm, or none we understand"
    STALE = "the nonce is too old, or its count was used: the client may try again with a new one"
    WRONG = "user unknown or proof wrong"


def _digest(algorithm: str, *parts: str) -> str:
    return hashlib.new(_HASHES[algorithm], ":".join(parts).encode(), usedforsecurity=False).hexdigest()


def _usable(name: str) -> str:
    """The algorithm named by a field: MD5 if it names none (RFC 7616 section 3.3); "" if we cannot compute it."""
    upper = name.upper() or "MD5"
    return upper if upper in _HASHES else ""


def hash_secret(algorithm: str, username: str, realm: str, password: str) -> str:
    """H(A1): what a server may keep instead of the password (RFC 7616 section 3.4.2)."""
    return _digest(algorithm, username, realm, password)


@dataclass(frozen=True, slots=True)
class _Proof:
    """What goes into the proof besides the secret."""

    algorithm: str
    nonce: str
    method: str
    uri: str
    qop: str = ""
    count: str = ""
    cnonce: str = ""

    def of(self, secret: str) -> str:
        """The response value (RFC 7616 section 3.4.1; without qop: its section 3.4.6 and RFC 2069)."""
        a2 = _digest(self.algorithm, self.method, self.uri)
        if not self.qop:
            return _digest(self.algorithm, secret, self.nonce, a2)
        return _digest(self.algorithm, secret, self.nonce, self.count, self.cnonce, self.qop, a2)


def answer_challenge(challenges: Iterable[str], credentials: Credentials, request: Request, cnonce: str) -> str | None:
    """The (Proxy-)Authorization value for the strongest challenge we can meet; None if there is none.

    `cnonce` is fresh entropy as text. Each challenge is answered once, so the nonce count is always 1.
    """
    best: AuthValue | None = None
    rank = len(_HASHES)
    for text in challenges:
        try:
            challenge = AuthValue.parse(text)
        except RemoteProtocolError:
            continue
        algorithm = _usable(challenge.get("algorithm"))
        if challenge.scheme == "digest" and algorithm and list(_HASHES).index(algorithm) < rank:
            if challenge.get("qop") and "auth" not in _qops(challenge):
                continue
            best, rank = challenge, list(_HASHES).index(algorithm)
    return None if best is None else _answer(best, credentials, request, cnonce)


def _qops(challenge: AuthValue) -> list[str]:
    return [qop.strip().lower() for qop in challenge.get("qop").split(",")]


def _answer(challenge: AuthValue, credentials: Credentials, request: Request, cnonce: str) -> str:
    realm, nonce, uri = challenge.get("realm"), challenge.get("nonce"), str(request.uri)
    algorithm = _usable(challenge.get("algorithm"))
    qop = "auth" if challenge.get("qop") else ""
    proof = _Proof(algorithm, nonce, request.method, uri, qop, "00000001", cnonce)
    secret = hash_secret(algorithm, credentials.username, realm, credentials.password)
    pieces = [
        f"username={quote(credentials.username)}, realm={quote(realm)}, nonce={quote(nonce)}, uri={quote(uri)}",
        f'response="{proof.of(secret)}", algorithm={challenge.get("algorithm") or "MD5"}',
    ]
    if challenge.get("opaque"):
        pieces.append(f"opaque={quote(challenge.get('opaque'))}")
    if qop:
        pieces.append(f'qop=auth, nc=00000001, cnonce="{cnonce}"')
    return "Digest " + ", ".join(pieces)


class Authenticator:
    """The server's side for one realm. Times are monotonic seconds: after a restart every old nonce is stale."""

    def __init__(
        self, realm: str, secret: bytes, entropy: Callable[[int], bytes], algorithms: tuple[str, ...] = ("SHA-256", "MD5")
    ) -> None:
        """`secret` keys the nonces (32 bytes, new at every start); `entropy(n)` gives n unpredictable bytes."""
        self._realm = realm
        self._secret = secret
        self._entropy = entropy
        self._algorithms = algorithms
        self._counts: OrderedDict[str, int] = OrderedDict()

    def challenges(self, now: float, *, stale: bool = False) -> list[str]:
        """WWW-Authenticate values to put on a 401, one line each, strongest first."""
        nonce = self._make_nonce(now)
        suffix = ", stale=true" if stale else ""
        return [
            f'Digest realm={quote(self._realm)}, nonce="{nonce}", algorithm={algorithm}, qop="auth"{suffix}'
            for algorithm in self._algorithms
        ]

    def claimed(self, request: Request) -> str | None:
        """The user a request's credentials for our realm name, proven or not; None without any."""
        given = self._given(request)
        return None if given is None else given.get("username")

    def _given(self, request: Request) -> AuthValue | None:
        for line in request.headers.lines("Authorization"):
            try:
                given = AuthValue.parse(line)
            except RemoteProtocolError:
                continue
            if (
                given.scheme == "digest"
                and given.get("realm") == self._realm
                and _usable(given.get("algorithm")) in self._algorithms
            ):
                return given
        return None

    def verify(self, request: Request, password_of: Callable[[str], str | None], now: float) -> tuple[Verdict, str]:
        """What the request's Authorization is worth, and the user name it proves ("" unless GOOD).

        `password_of(username)` gives the password, None for an unknown user; both cost the same work.
        """
        given = self._given(request)
        if given is None:
            return Verdict.ABSENT, ""
        return self._judge(given, _usable(given.get("algorithm")), request.method, password_of, now)

    def _judge(
        self, given: AuthValue, algorithm: str, method: str, password_of: Callable[[str], str | None], now: float
    ) -> tuple[Verdict, str]:
        username, nonce = given.get("username"), given.get("nonce")
        password = password_of(username)
        proof = _Proof(algorithm, nonce, method, given.get("uri"), given.get("qop"), given.get("nc"), given.get("cnonce"))
        expected = proof.of(hash_secret(algorithm, username, self._realm, password or ""))
        if password is None or not hmac.compare_digest(expected, given.get("response").lower()):
            return Verdict.WRONG, ""
        if not self._is_fresh(nonce, now) or not self._is_new_count(nonce, given.get("nc")):
            return Verdict.STALE, ""
        return Verdict.GOOD, username

    def _make_nonce(self, now: float) -> str:
        head = int(now * 1000).to_bytes(8, "big", signed=True) + self._entropy(8)
        return urlsafe_b64encode(head + self._sign(head)).decode()

    def _sign(self, head: bytes) -> bytes:
        return hmac.digest(self._secret, head, "sha256")[: _NONCE_BYTES - len(head)]

    def _is_fresh(self, nonce: str, now: float) -> bool:
        try:
            raw = urlsafe_b64decode(nonce)
        except (BadBase64, ValueError):
            return False
        if len(raw) != _NONCE_BYTES or not hmac.compare_digest(self._sign(raw[:16]), raw[16:]):
            return False
        age = now - int.from_bytes(raw[:8], "big", signed=True) / 1000
        return age <= SIP_NONCE_S

    def _is_new_count(self, nonce: str, text: str) -> bool:
        """Counts of one nonce must rise (RFC 7616 section 5.12). Without qop there is none: the nonce serves once."""
        try:
            count = int(text, 16) if text else 1
        except ValueError:
            return False
        if count <= self._counts.get(nonce, 0):
            return False
        self._counts[nonce] = count
        self._counts.move_to_end(nonce)
        if len(self._counts) > SIP_NONCES_MAX:
            self._counts.popitem(last=False)
        return True
