"""The phones an exchange knows: their numbers, and how they prove who they are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum


class Answering(Enum):
    """How a phone can be taken off the hook. TALK: it heeds a NOTIFY with `Event: talk` while it rings. AUTO: it heeds
    header fields that tell it to answer by itself. DETECT: TALK if it says so itself. HAND: not at all."""

    DETECT = "detect"
    TALK = "talk"
    AUTO = "auto"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Account:
    """One number with its phone's user name and password."""

    dn: str
    user: str
    password: str = field(repr=False)
    display_name: str = ""
    answering: Answering = Answering.DETECT


class Accounts:
    """All accounts, found by number or by user name; both are unique, ValueError if not."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        known = tuple(accounts)
        self._by_dn = {account.dn: account for account in known}
        self._by_user = {account.user: account for account in known}
        if not len(known) == len(self._by_dn) == len(self._by_user):
            raise ValueError("two phone accounts share a number or a user name")

    def at(self, dn: str) -> Account | None:
        """The account of this number."""
        return self._by_dn.get(dn)

    def of(self, user: str) -> Account | None:
        """The account of this user name."""
        return self._by_user.get(user)

    def password_of(self, user: str) -> str | None:
        """What digest authentication compares with."""
        account = self._by_user.get(user)
        return None if account is None else account.password
