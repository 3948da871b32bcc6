"""Who may talk CometD: the question the faces ask about every request and every WebSocket upgrade."""

from dataclasses import dataclass
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.responses import Response

from telegraphone.wire.bayeux import Owner


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A user under one HTTP sign-in; `headers` (lower-case names) are added to the answer, a cookie for instance."""

    user_name: str
    sign_in_id: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def owner(self) -> Owner:
        """Whom client ids made here belong to."""
        return Owner(self.user_name, self.sign_in_id)


class Gatekeeper(Protocol):
    """Authentication, origin and CSRF rules in one (gws-api 3.3, 3.4 and 4)."""

    async def __call__(self, connection: HTTPConnection) -> SignedIn | Response:
        """Who this is, or the answer that turns them away; the body is not to be read."""

    def again(self, who: SignedIn) -> bool:
        """Whether a request that is in all its header fields like one admitted as `who` is admitted too; it counts as a
        use of the sign-in."""
