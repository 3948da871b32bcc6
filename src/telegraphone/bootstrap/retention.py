"""How long recordings are kept, made from the configuration: for the node that ends them, and for who asks what would go."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.bootstrap.database import Chore, open_engine_of
from telegraphone.bootstrap.policies import version_of
from telegraphone.bootstrap.vault import Vault
from telegraphone.config import Config
from telegraphone.database.ages import SqlAges
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.labels import SqlLabels
from telegraphone.database.standings import SqlStandings
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.keeping import Ending
from telegraphone.services.retention import Decided, Overdue, Retention
from telegraphone.storage.notary import SignedStatements


def make_retention(config: Config, engine: AsyncEngine, vault: Vault, clock: SystemClock) -> tuple[Chore, ...]:
    """What ends recordings while the node runs; nothing where they are all kept."""
    if not config.retention:
        return ()
    trail = SqlAuditTrail(engine, clock)
    ending = Ending(SqlStandings(engine), vault.archive, SignedStatements(vault.keys), trail)
    return (Retention(_overdue(config, engine), vault.archive, ending, trail, clock).run,)


@asynccontextmanager
async def opened_retention(config: Config) -> AsyncIterator[Overdue]:
    """What the rules say of an installation's recordings, whether its node runs or not; nothing of it is ended."""
    engine = open_engine_of(config)
    try:
        yield _overdue(config, engine)
    finally:
        await engine.dispose()


def _overdue(config: Config, engine: AsyncEngine) -> Overdue:
    decided = Decided(tuple(entry.rule() for entry in config.retention), version_of(config))
    return Overdue(SqlAges(engine), SqlCatalogue(engine), SqlLabels(engine), decided)
