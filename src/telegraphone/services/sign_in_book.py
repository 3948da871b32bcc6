"""Writes down who signs in and out and whose password or token was wrong (properties CMP-4, ASVS 16.3.1).

Nobody who signs in waits for the database. Only names that there are: people type passwords into the wrong field. Who tries too
often is slowed down before, so that the trail cannot be flooded. A client that shows a password or token with each request has
signed in once for each sign-in and address.
"""

from functools import partial
from typing import Literal

from telegraphone.domain.agent import Agent, Directory
from telegraphone.domain.tokens import ApiToken
from telegraphone.limits import SIGN_INS_WAITING_MAX
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.later import Later
from telegraphone.services.ports import Clock


class SignInBook:
    """What is told of sign-ins; `run` writes it until cancelled."""

    def __init__(self, directory: Directory, audit: AuditTrail, clock: Clock) -> None:
        self._directory = directory
        self._audit = audit
        self._later = Later(clock, SIGN_INS_WAITING_MAX, "sign-ins")
        self.run = self._later.run

    def came(self, agent: Agent, by: Literal["password", "token"], origin: str) -> None:
        """Somebody has proved to be this user, from this address."""
        self._put(Deed(agent.actor, "sign in", agent.user_name, "done", {"by": by}, agent.tenant, origin))

    def went(self, agent: Agent, origin: str) -> None:
        """This user has signed out."""
        self._put(Deed(agent.actor, "sign out", agent.user_name, "done", {}, agent.tenant, origin))

    def wrong_password(self, user_name: str, origin: str) -> None:
        """Somebody has come as this user with another password, from this address."""
        agent = self._directory.by_user(user_name)
        if agent is not None:
            detail = {"reason": "wrong password"}
            self._put(Deed(user_name, "sign in", user_name, "refused", detail, agent.tenant, origin))

    def wrong_token(self, token: ApiToken, reason: str, origin: str) -> None:
        """Somebody has come with this token, which lets nobody in, from this address."""
        detail = {"reason": reason, "token": token.id}
        self._put(Deed(token.user_name, "sign in", token.user_name, "refused", detail, token.tenant, origin))

    def _put(self, deed: Deed) -> None:
        self._later.put(partial(self._audit.write, deed))
