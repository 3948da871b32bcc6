"""The house rules of CONTRIBUTING.md, each on the whole repository and each on an example that breaks it."""

import pytest

from tests.tidy.every_rule import RULES
from tests.tidy.rule import Rule, Source, repository

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name.replace(" ", "-"))


@each_rule
def test_the_repository_keeps_the_rule(rule: Rule) -> None:
    findings = rule.findings(repository())
    assert not findings, "\n" + "\n".join(findings)


@each_rule
def test_the_rule_can_fail(rule: Rule) -> None:
    assert rule.findings([Source(rule.where, rule.bad)])


@each_rule
def test_the_rule_lets_good_code_pass(rule: Rule) -> None:
    assert rule.findings([Source(rule.where, rule.good)]) == []


def test_the_rules_see_the_repository() -> None:
    paths = {source.path for source in repository()}
    assert {"pyproject.toml", "README.md", "src/telegraphone/limits/sip.py", "tests/tidy/rule.py"} <= paths
