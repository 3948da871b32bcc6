"""What an administrator must have given an agent before an operation is so much as looked at (gws-api 3.4)."""

from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.errors import FeatureMissing, RoleMissing
from telegraphone.domain.operations import MONITORING, TRIGGERS, Operation


def must_have(agent: Agent, feature: Feature) -> None:
    """Raises `FeatureMissing` when it was not given."""
    if not agent.has(feature):
        raise FeatureMissing(feature.value)


def must_supervise(agent: Agent) -> None:
    """Raises `FeatureMissing` or `RoleMissing` unless the agent may listen in on others."""
    must_have(agent, Feature.SUPERVISOR_MONITORING)
    if not agent.supervises:
        raise RoleMissing


def must_be_allowed(agent: Agent, operation: Operation) -> None:
    """Raises unless the agent's account covers this operation on a call."""
    if operation in MONITORING:
        must_supervise(agent)
    else:
        must_have(agent, Feature.VOICE_RECORDING if operation in TRIGGERS else Feature.VOICE)
