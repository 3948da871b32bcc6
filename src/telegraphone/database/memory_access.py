"""What is asked of people before they hear, take out or erase recordings, in memory: purposes, and second persons."""

from dataclasses import replace
from datetime import datetime

from telegraphone.domain.ids import CallUuid
from telegraphone.services.approvals import Approval
from telegraphone.services.purposes import Purpose


class MemoryApprovals:
    """`Approvals` in a dictionary."""

    def __init__(self) -> None:
        self._all: dict[str, Approval] = {}

    async def add(self, approval: Approval) -> None:
        """See `Approvals.add`."""
        self._all = {each.id: each for each in self._all.values() if each.until > approval.asked_at}
        self._all[approval.id] = approval

    async def of(self, tenant: str, now: datetime) -> tuple[Approval, ...]:
        """See `Approvals.of`."""
        found = [each for each in self._all.values() if each.tenant == tenant and each.until > now]
        return tuple(sorted(found, key=lambda each: (each.asked_at, each.id)))

    async def approve(self, approval_id: str, by: str, until: datetime) -> bool:
        """See `Approvals.approve`."""
        if approval_id not in self._all:
            return False
        self._all[approval_id] = replace(self._all[approval_id], approved_by=by, until=until)
        return True

    async def take(self, approval_id: str) -> bool:
        """See `Approvals.take`."""
        return self._all.pop(approval_id, None) is not None


class MemoryPurposes:
    """`StatedPurposes` in a dictionary."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str, CallUuid], Purpose] = {}

    async def put(self, purpose: Purpose, now: datetime) -> None:
        """See `StatedPurposes.put`."""
        self._said = {key: each for key, each in self._said.items() if each.until > now}
        self._said[purpose.tenant, purpose.user_name, purpose.call_uuid] = purpose

    async def find(self, tenant: str, user_name: str, call_uuid: CallUuid, now: datetime) -> str:
        """See `StatedPurposes.find`."""
        said = self._said.get((tenant, user_name, call_uuid))
        return said.words if said is not None and said.until > now else ""
