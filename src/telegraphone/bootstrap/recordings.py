"""The use cases of finished recordings over one node's vault and database."""

from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.bootstrap.vault import Vault
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.labels import SqlLabels
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.agent import Directory
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.evidence import Evidence
from telegraphone.services.keeping import Keeping
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.storage.notary import SignedStatements
from telegraphone.web.app import RecordingUses


def make_recording_uses(engine: AsyncEngine, vault: Vault, directory: Directory, clock: SystemClock) -> RecordingUses:
    """What people may do with finished recordings."""
    trail, standings, kept = SqlAuditTrail(engine, clock), SqlStandings(engine), SqlLabels(engine)
    library = Library(SqlCatalogue(engine), directory, trail)
    return RecordingUses(
        keeping=Keeping(library, standings, vault.archive, SignedStatements(vault.keys), trail),
        labels=Labels(library, kept, kept, trail, clock),
        evidence=Evidence(library, standings, vault.archive, trail, clock),
    )
