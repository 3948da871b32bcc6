"""All rules, in the order of the document's sections."""

from tests.conformance import (
    answer_rules,
    call_rules,
    capability_rules,
    control_rules,
    message_rules,
    operation_rules,
)
from tests.conformance.rule import rules_of

RULES = rules_of(call_rules, operation_rules, control_rules, answer_rules, capability_rules, message_rules)
