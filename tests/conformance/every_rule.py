"""All rules, in the order of the document's sections."""

from tests.conformance import (
    agent_rules,
    answer_rules,
    call_rules,
    capability_rules,
    collection_rules,
    control_rules,
    device_rules,
    message_rules,
    monitoring_rules,
    operation_rules,
    recording_rules,
    start_rules,
)
from tests.conformance.rule import rules_of

RULES = rules_of(
    collection_rules,
    agent_rules,
    start_rules,
    device_rules,
    call_rules,
    operation_rules,
    recording_rules,
    control_rules,
    answer_rules,
    capability_rules,
    message_rules,
    monitoring_rules,
)
