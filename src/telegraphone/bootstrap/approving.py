"""Composes what asks, on the machine, whether two people want what is about to be done to keys."""

from pathlib import Path

from telegraphone.bootstrap.database import DATABASE_FILE, open_engine_of
from telegraphone.config import Config
from telegraphone.database.approvals import SqlApprovals
from telegraphone.domain.errors import NotFound
from telegraphone.domain.permissions import Action
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.approvals import Approval, carried_out


async def approved(config: Config, tenant: str, action: Action, approval_id: str) -> Approval | None:
    """The approval that this is done by, used up; None where nobody need approve. Raises as `carried_out`, and OSError."""
    if not any(each.tenant == tenant and action in each.deeds() for each in config.access):
        return None
    if not config.database.url and not (Path(config.server.data_dir) / DATABASE_FILE).is_file():
        raise NotFound("approval", approval_id)
    engine = open_engine_of(config)
    try:
        return await carried_out(SqlApprovals(engine), tenant, action, approval_id, SystemClock().utc())
    finally:
        await engine.dispose()
