"""Keeps where each phone can be reached: the registrar of RFC 3261 section 10, with digest authentication (RFC 8760).

A number may have several phones. Each binding carries the way its REGISTER came (address, or TCP connection), because
that way leads back through address translation when the Contact does not. The state is data: `receive` answers one
request, `expire` lets time pass, `events` says which numbers became reachable or ceased to be.
"""

from collections.abc import Callable
from dataclasses import dataclass

from telegraphone.domain.ids import Dn
from telegraphone.domain.legs import DeviceRegistered, DeviceUnregistered
from telegraphone.limits import LOGIN_FAILURE_FORGIVEN_S, REGISTRATION_CONTACTS_MAX, REGISTRATION_S_MAX, REGISTRATION_S_MIN
from telegraphone.services.limiter import LoginLimiter
from telegraphone.switches.exchange.accounts import Account, Accounts
from telegraphone.wire.errors import RemoteProtocolError
from telegraphone.wire.sip.commands import Reply
from telegraphone.wire.sip.digest import Authenticator, Verdict
from telegraphone.wire.sip.fields import read_name_addrs, read_seconds
from telegraphone.wire.sip.message import Request
from telegraphone.wire.sip.transport import Flow
from telegraphone.wire.sip.uri import NameAddr, SipUri, unescape

DIGESTS = ("SHA-256", "MD5")
"""Strongest first; a phone takes the first it knows (RFC 8760 section 2.4). Old phones know MD5 alone."""

_SLOW_DOWN = Reply(503, headers=(("Retry-After", str(round(LOGIN_FAILURE_FORGIVEN_S))),))


@dataclass(frozen=True, slots=True)
class Binding:
    """One phone of a number: its Contact, the way to it, until when (monotonic seconds), and whether it says that it heeds
    `Event: talk`."""

    uri: SipUri
    flow: Flow
    call_id: str
    cseq: int
    expires_at: float
    talks: bool


@dataclass(frozen=True, slots=True)
class Proof:
    """Who sent a request, or the reply that asks for a proof or refuses."""

    account: Account | None
    refusal: Reply | None


class Registrar:
    """All bindings of one realm. Times are monotonic seconds."""

    def __init__(
        self, accounts: Accounts, realm: str, entropy: Callable[[int], bytes], digests: tuple[str, ...] = DIGESTS
    ) -> None:
        self._accounts = accounts
        self._authenticator = Authenticator(realm, entropy(32), entropy, digests)
        self._limiter = LoginLimiter()
        self._bindings: dict[str, dict[str, Binding]] = {}
        self._events: list[DeviceRegistered | DeviceUnregistered] = []

    def __len__(self) -> int:
        return sum(len(bindings) for bindings in self._bindings.values())

    def events(self) -> list[DeviceRegistered | DeviceUnregistered]:
        """What changed since the last call, in order."""
        events, self._events = self._events, []
        return events

    def prove(self, request: Request, host: str, now: float) -> Proof:
        """Whose request this is, which came from this host. Without good credentials: 401 with challenges; with wrong ones:
        403, so that a phone with a mistyped password stops instead of trying for ever; after many wrong ones 503."""
        claimed = self._authenticator.claimed(request)
        if claimed is not None and not self._limiter.admit(claimed, host, now):
            return Proof(None, _SLOW_DOWN)
        verdict, user = self._authenticator.verify(request, self._accounts.password_of, now)
        if claimed is not None and verdict is not Verdict.WRONG:
            self._limiter.succeeded(claimed, host, now)
        if verdict is Verdict.GOOD:
            return Proof(self._accounts.of(user), None)
        if verdict is Verdict.WRONG:
            return Proof(None, Reply(403))
        challenges = self._authenticator.challenges(now, stale=verdict is Verdict.STALE)
        return Proof(None, Reply(401, headers=tuple(("WWW-Authenticate", each) for each in challenges)))

    def receive(self, request: Request, flow: Flow, now: float) -> Reply:
        """Answers a REGISTER: adds, refreshes, removes or only lists bindings (section 10.3)."""
        proof = self.prove(request, flow.host, now)
        if proof.account is None:
            assert proof.refusal is not None
            return proof.refusal
        if unescape(request.to.uri.user) not in {proof.account.dn, proof.account.user}:
            return Reply(403)
        self.expire(now)
        try:
            refusal = self._change(proof.account.dn, request, flow, now)
        except RemoteProtocolError as error:
            return Reply(error.status or 400)
        return refusal or Reply(200, headers=tuple(self._listed(proof.account.dn, now)))

    def bindings(self, dn: str, now: float) -> tuple[Binding, ...]:
        """Where this number can be reached, the newest first."""
        self.expire(now)
        return tuple(reversed(self._bindings.get(dn, {}).values()))

    def next_expiry(self) -> float | None:
        """When `expire` will have something to do."""
        times = [each.expires_at for bindings in self._bindings.values() for each in bindings.values()]
        return min(times, default=None)

    def expire(self, now: float) -> None:
        """Forgets bindings whose time is over."""
        for dn, bindings in tuple(self._bindings.items()):
            for key, binding in tuple(bindings.items()):
                if binding.expires_at <= now:
                    self._remove(dn, key)

    def _change(self, dn: str, request: Request, flow: Flow, now: float) -> Reply | None:
        """All changes of one request or none of them (section 10.3 point 7)."""
        default = read_seconds(request.headers.get("Expires"))
        if (request.headers.get("Contact") or "").strip() == "*":
            if default != 0:
                return Reply(400)
            for key in tuple(self._bindings.get(dn, {})):
                self._remove(dn, key)
            return None
        wanted = [(each, _seconds(each, default)) for each in read_name_addrs(request.headers, "Contact")]
        # A phone that is to be called by TLS alone must be there by TLS: calls go back by the way it came.
        refusal = self._refusal(dn, request, wanted, {"sip", "sips"} if flow.transport == "TLS" else {"sip"})
        if refusal is not None:
            return refusal
        for contact, seconds in wanted:
            key = str(contact.uri)
            if seconds == 0:
                self._remove(dn, key)
            else:
                talks = "talk" in request.headers.tokens("Allow-Events")
                made = Binding(contact.uri, flow, request.call_id, request.cseq.number, now + seconds, talks)
                self._put(dn, key, made)
        return None

    def _refusal(self, dn: str, request: Request, wanted: list[tuple[NameAddr, int]], schemes: set[str]) -> Reply | None:
        known = self._bindings.get(dn, {})
        for contact, seconds in wanted:
            if contact.uri.scheme not in schemes or not contact.uri.host:
                return Reply(400)
            if 0 < seconds < REGISTRATION_S_MIN:
                return Reply(423, headers=(("Min-Expires", str(REGISTRATION_S_MIN)),))
            old = known.get(str(contact.uri))
            if old is not None and old.call_id == request.call_id and request.cseq.number <= old.cseq:
                return Reply(500)
        added = {str(contact.uri) for contact, seconds in wanted if seconds} | set(known)
        return Reply(503) if len(added) > REGISTRATION_CONTACTS_MAX else None

    def _put(self, dn: str, key: str, binding: Binding) -> None:
        bindings = self._bindings.setdefault(dn, {})
        if not bindings:
            self._events.append(DeviceRegistered(Dn(dn)))
        bindings.pop(key, None)
        bindings[key] = binding

    def _remove(self, dn: str, key: str) -> None:
        bindings = self._bindings.get(dn, {})
        if bindings.pop(key, None) is not None and not bindings:
            del self._bindings[dn]
            self._events.append(DeviceUnregistered(Dn(dn)))

    def _listed(self, dn: str, now: float) -> list[tuple[str, str]]:
        return [
            ("Contact", str(NameAddr(each.uri).with_param("expires", str(max(0, round(each.expires_at - now))))))
            for each in self._bindings.get(dn, {}).values()
        ]


def _seconds(contact: NameAddr, default: int | None) -> int:
    """What this Contact asks for, cut to the longest we grant (section 10.2.1.1)."""
    own = read_seconds(contact.param("expires"))
    asked = own if own is not None else default
    return REGISTRATION_S_MAX if asked is None else min(asked, REGISTRATION_S_MAX)
