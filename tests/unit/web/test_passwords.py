"""Passwords when many come at once: an office is let in, guesses are not, and who cannot wait is told so."""

import asyncio

import pytest
from argon2 import PasswordHasher

from telegraphone.limits import LOGIN_FAILURES_PER_ADDRESS_MAX, LOGIN_FAILURES_PER_USER_MAX, PASSWORD_CHECKS_WAITING_MAX
from telegraphone.web.gws.errors import Refused
from telegraphone.web.passwords import Passwords
from tests.scenario.clock import VirtualClock

OFFICE = "192.0.2.7"
HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASH = HASHER.hash("right")


def passwords(count: int) -> Passwords:
    return Passwords({f"agent.{number}": HASH for number in range(count)}, VirtualClock(), hasher=HASHER)


async def test_an_office_behind_one_address_signs_in_at_once() -> None:
    """As after a restart of the server, when no place is known."""
    count = 3 * LOGIN_FAILURES_PER_ADDRESS_MAX
    looked_at = passwords(count)
    assert all(await asyncio.gather(*(looked_at.right(f"agent.{number}", "right", OFFICE) for number in range(count))))


async def test_many_guesses_at_once_are_no_way_around_the_limit() -> None:
    looked_at = passwords(1)
    guesses = ["wrong"] * LOGIN_FAILURES_PER_USER_MAX + ["right"] * 5
    assert not any(await asyncio.gather(*(looked_at.right("agent.0", guess, OFFICE) for guess in guesses)))


async def test_who_cannot_wait_is_told_so_and_it_counts_as_no_guess() -> None:
    looked_at = passwords(1)
    tries = [asyncio.create_task(looked_at.right("agent.0", "right", OFFICE)) for _ in range(PASSWORD_CHECKS_WAITING_MAX + 50)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert answers[:PASSWORD_CHECKS_WAITING_MAX] == [True] * PASSWORD_CHECKS_WAITING_MAX
    for answer in answers[PASSWORD_CHECKS_WAITING_MAX:]:
        assert isinstance(answer, Refused)
        assert (answer.failure.http_status, answer.failure.status_code, answer.failure.headers) == (503, 4, {"Retry-After": "5"})
    with pytest.raises(Refused):
        await asyncio.gather(*(looked_at.right("nobody", "x", OFFICE) for _ in range(PASSWORD_CHECKS_WAITING_MAX + 1)))
