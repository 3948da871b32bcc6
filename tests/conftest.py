"""What all tests share: random examples are the same on every machine, and no test is called flaky for a slow machine.

`HYPOTHESIS_PROFILE=explore` looks further, with new examples at every run; `make prove` gives examples that its seed chooses.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.postgresql import Server, running_server

settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("seeded", settings.get_profile("repeatable"), derandomize=False, database=None)
settings.register_profile("explore", deadline=None, max_examples=2_000, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One PostgreSQL server for all tests that want one; they empty its databases before they use them."""
    with running_server() as server:
        yield server
