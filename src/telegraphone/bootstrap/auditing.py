"""Composes what proves the audit trail: the checkpoints of a running node, and the trail as an operator reads it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.bootstrap.database import DATABASE_FILE, Chore, open_engine_of
from telegraphone.bootstrap.vault import Vault
from telegraphone.config import Config
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.audit import Deed
from telegraphone.services.checkpoints import Checkpoints
from telegraphone.storage.checkpoints import KeptCheckpoints
from telegraphone.storage.folder import Folder
from telegraphone.storage.notary import SignedStatements


def make_checkpoints(config: Config, engine: AsyncEngine, vault: Vault, clock: SystemClock) -> Chore:
    """What signs the end of the trail while the node runs. Checkpoints go to a folder, to where recordings are sent, and into
    the log."""
    folder = Path(config.audit.checkpoint_folder or Path(config.server.data_dir) / "checkpoints")
    if not config.audit.checkpoint_folder:
        folder.mkdir(mode=0o700, exist_ok=True)
    places = [KeptCheckpoints(place) for place in (Folder(folder), vault.place) if place is not None]
    checkpoints = Checkpoints(SqlAuditTrail(engine, clock), SignedStatements(vault.keys), places, clock)
    return partial(checkpoints.run, config.audit.checkpoint_s)


@asynccontextmanager
async def opened_trail(config: Config) -> AsyncIterator[SqlAuditTrail]:
    """The trail of an installation, whether its node runs or not; its tables are left as they are."""
    engine = open_engine_of(config)
    try:
        yield SqlAuditTrail(engine, SystemClock())
    finally:
        await engine.dispose()


async def note(config: Config, deed: Deed) -> None:
    """Has the trail of an installation say this, whether its node runs or not; nothing where none ever ran. Raises `Unavailable`,
    OSError."""
    if config.database.url or (Path(config.server.data_dir) / DATABASE_FILE).is_file():
        async with opened_trail(config) as trail:
            await trail.write(deed)
