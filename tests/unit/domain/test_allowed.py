"""Features and roles: each operation on a call needs exactly one feature, and a supervisor's the role besides."""

from dataclasses import replace

import pytest

from telegraphone.domain.agent import Agent, Feature, Role
from telegraphone.domain.allowed import must_be_allowed, must_supervise
from telegraphone.domain.errors import FeatureMissing, RoleMissing
from telegraphone.domain.operations import MONITORING, TRIGGERS, Operation

SUPERVISOR = Agent("supervisor", "0" * 32, roles=frozenset({Role.SUPERVISOR}), features=frozenset(Feature))


@pytest.mark.parametrize("operation", list(Operation))
def test_each_operation_needs_its_feature(operation: Operation) -> None:
    needed = Feature.SUPERVISOR_MONITORING if operation in MONITORING else Feature.VOICE
    needed = Feature.VOICE_RECORDING if operation in TRIGGERS else needed
    must_be_allowed(replace(SUPERVISOR, features=frozenset({needed})), operation)
    with pytest.raises(FeatureMissing, match=needed.value):
        must_be_allowed(replace(SUPERVISOR, features=frozenset(Feature) - {needed}), operation)


@pytest.mark.parametrize("role", [Role.AGENT, Role.ADMIN, Role.COMPLIANCE])
def test_the_feature_alone_makes_no_supervisor(role: Role) -> None:
    with pytest.raises(RoleMissing):
        must_supervise(replace(SUPERVISOR, roles=frozenset({role})))
    must_supervise(replace(SUPERVISOR, roles=frozenset({role, Role.SUPERVISOR})))
