"""What a script may do in a person's name: an API token is that person, narrowed.

Theory. A token belongs to a user and carries *scopes*: actions on recordings, by their names in the table of permissions, and
features, by their ids in the API. Who comes with it may do what its owner may do at that moment and the scopes name; so a
right that the owner loses is lost to every token at once, and no token can do more than who made it. Without the feature of
voice there is no phone either, so calls are neither seen nor touched. No token makes or ends tokens.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.permissions import Action, may
from telegraphone.limits import TOKEN_NAME_CHARS_MAX


@dataclass(frozen=True, slots=True)
class ApiToken:
    """One token, without its secret: `digest` is the SHA-256 of that, in hexadecimal. `used_at` is right to a minute."""

    id: str
    tenant: str
    user_name: str
    name: str
    scopes: frozenset[str]
    digest: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def __post_init__(self) -> None:
        name = self.name
        if not name.strip() or len(name) > TOKEN_NAME_CHARS_MAX or not name.isprintable():
            raise ParameterInvalid("name")

    def __repr__(self) -> str:
        return f"ApiToken(id={self.id!r}, user_name={self.user_name!r}, name={self.name!r})"


def scopes_of(agent: Agent) -> frozenset[str]:
    """Everything this person may give a token."""
    actions = {action.value for action in Action if action is not Action.KEEP_TOKENS and may(agent, action)}
    return frozenset(actions | {feature.value for feature in agent.features})


def must_be_scopes(agent: Agent, names: Iterable[str]) -> frozenset[str]:
    """These scopes, if there is one and this person has them all; raises `ParameterInvalid`."""
    wanted = frozenset(names)
    if not wanted or not wanted <= scopes_of(agent):
        raise ParameterInvalid("scopes")
    return wanted


def narrowed(owner: Agent, token: ApiToken) -> Agent:
    """The owner as whoever comes with the token is."""
    features = frozenset(feature for feature in owner.features if feature.value in token.scopes)
    device = owner.device if Feature.VOICE in features else None
    return replace(owner, features=features, device=device, actions=token.scopes, token=token.id)
