"""Guessing passwords: who is slowed down, who is not, and for how long."""

from telegraphone.limits import (
    LOGIN_FAILURE_FORGIVEN_S,
    LOGIN_FAILURES_PER_ADDRESS_MAX,
    LOGIN_FAILURES_PER_USER_MAX,
    LOGIN_LIMITS_REMEMBERED_MAX,
)
from telegraphone.services.limiter import LoginLimiter


def _tries(limiter: LoginLimiter, user: str, address: str, now: float) -> int:
    """How many wrong passwords in a row are looked at."""
    count = 0
    while limiter.admit(user, address, now):
        count += 1
        assert count < 1_000
    return count


def test_a_user_is_guessed_at_a_few_times_from_anywhere() -> None:
    limiter = LoginLimiter()
    assert _tries(limiter, "agent", "192.0.2.1", 0.0) == LOGIN_FAILURES_PER_USER_MAX
    assert _tries(limiter, "agent", "192.0.2.2", 0.0) == 0


def test_an_address_guesses_a_few_times_for_all_users() -> None:
    limiter = LoginLimiter()
    assert sum(_tries(limiter, f"agent.{n}", "192.0.2.1", 0.0) for n in range(50)) == LOGIN_FAILURES_PER_ADDRESS_MAX


def test_a_known_place_is_not_shut_out_by_a_stranger() -> None:
    limiter = LoginLimiter()
    assert limiter.admit("agent", "192.0.2.1", 0.0)
    limiter.succeeded("agent", "192.0.2.1", 0.0)
    assert _tries(limiter, "agent", "198.51.100.1", 0.0) == LOGIN_FAILURES_PER_USER_MAX
    assert limiter.admit("agent", "192.0.2.1", 0.0)


def test_a_known_place_guesses_no_longer_than_a_strange_one() -> None:
    limiter = LoginLimiter()
    limiter.admit("agent", "192.0.2.1", 0.0)
    limiter.succeeded("agent", "192.0.2.1", 0.0)
    assert _tries(limiter, "agent", "192.0.2.1", 0.0) <= LOGIN_FAILURES_PER_USER_MAX


def test_a_right_password_does_not_count() -> None:
    limiter = LoginLimiter()
    for _ in range(100):
        assert limiter.admit("agent", "192.0.2.1", 0.0)
        limiter.succeeded("agent", "192.0.2.1", 0.0)


def test_failures_are_forgiven_one_by_one() -> None:
    limiter = LoginLimiter()
    _tries(limiter, "agent", "192.0.2.1", 0.0)
    assert _tries(limiter, "agent", "192.0.2.1", LOGIN_FAILURE_FORGIVEN_S * 3) == 3


def test_what_is_remembered_is_bounded() -> None:
    limiter = LoginLimiter()
    for number in range(LOGIN_LIMITS_REMEMBERED_MAX + 10):
        limiter.admit(f"agent.{number}", f"192.0.2.{number}", 0.0)
    assert len(limiter._addresses._levels) == LOGIN_LIMITS_REMEMBERED_MAX
    assert len(limiter._users._levels) == LOGIN_LIMITS_REMEMBERED_MAX
