"""The use cases of finished recordings over one node's vault and database."""

from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.bootstrap.vault import Vault
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.exports import SqlExports
from telegraphone.database.labels import SqlLabels
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.agent import Directory
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.evidence import Evidence
from telegraphone.services.export_jobs import BulkExports
from telegraphone.services.export_orders import ExportOrders
from telegraphone.services.keeping import Keeping
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.storage.notary import SignedStatements
from telegraphone.web.app import RecordingUses
from telegraphone.web.gws.links import Links
from telegraphone.web.gws.recording_shapes import RecordingShapes
from telegraphone.web.gws.wording import ApiWording
from telegraphone.web.settings import WebSettings


def make_recording_uses(
    engine: AsyncEngine, vault: Vault, directory: Directory, clock: SystemClock, *, settings: WebSettings
) -> RecordingUses:
    """What people may do with finished recordings, which packages describe as the web face shows them."""
    trail, standings, kept, jobs = SqlAuditTrail(engine, clock), SqlStandings(engine), SqlLabels(engine), SqlExports(engine)
    library = Library(SqlCatalogue(engine), directory, trail)
    keeping = Keeping(library, standings, vault.archive, SignedStatements(vault.keys), trail)
    labels = Labels(library, kept, kept, trail, clock)
    orders = ExportOrders(
        keeping, labels, trail, ApiWording(RecordingShapes(Links(settings.external_url), settings.playback_format))
    )
    return RecordingUses(
        keeping=keeping,
        labels=labels,
        evidence=Evidence(library, standings, vault.archive, trail, clock),
        orders=orders,
        exports=BulkExports(library, orders, (jobs, jobs), vault.packages, clock),
    )
