"""The use cases of finished recordings over one node's vault and database."""

from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.bootstrap.database import Chore
from telegraphone.bootstrap.vault import Vault
from telegraphone.config import Config
from telegraphone.database.approvals import SqlApprovals
from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.copies import SqlCopies
from telegraphone.database.exports import SqlExports
from telegraphone.database.labels import SqlLabels
from telegraphone.database.purposes import SqlPurposes
from telegraphone.database.standings import SqlStandings
from telegraphone.database.stock import SqlStock
from telegraphone.domain.agent import Directory
from telegraphone.endpoints.clock import SystemClock
from telegraphone.limits import STOCKTAKING_SETTLED_S
from telegraphone.services.approvals import FourEyes
from telegraphone.services.evidence import Evidence
from telegraphone.services.export_jobs import BulkExports
from telegraphone.services.export_orders import ExportOrders
from telegraphone.services.keeping import Keeping
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.services.purposes import Purposes
from telegraphone.services.redactions import Redactions
from telegraphone.services.stocktaking import Stocktaking
from telegraphone.services.troubles import Troubles
from telegraphone.storage.notary import SignedStatements
from telegraphone.web.app import RecordingUses
from telegraphone.web.gws.links import Links
from telegraphone.web.gws.recording_shapes import RecordingShapes
from telegraphone.web.gws.wording import ApiWording
from telegraphone.web.settings import WebSettings


def make_stocktaking(engine: AsyncEngine, vault: Vault, troubles: Troubles, clock: SystemClock, *, config: Config) -> Chore:
    """What looks for the recordings that are listed while the node runs."""
    settling_s = 0.0 if config.storage.kind == "local" else STOCKTAKING_SETTLED_S
    return Stocktaking(SqlStock(engine), vault.archive, troubles, clock, settling_s=settling_s).run


def make_recording_uses(
    engine: AsyncEngine, vault: Vault, directory: Directory, clock: SystemClock, *, settings: WebSettings, config: Config
) -> RecordingUses:
    """What people may do with finished recordings, which packages describe as the web face shows them."""
    trail, standings, kept, jobs = SqlAuditTrail(engine, clock), SqlStandings(engine), SqlLabels(engine), SqlExports(engine)
    library = Library(SqlCatalogue(engine), directory, trail)
    four_eyes = FourEyes({each.tenant: each.deeds() for each in config.access}, SqlApprovals(engine), library, clock)
    asked = frozenset(each.tenant for each in config.access if each.purpose_required)
    keeping = Keeping(library, standings, vault.archive, SignedStatements(vault.keys), trail, four_eyes=four_eyes)
    labels = Labels(library, kept, kept, trail, clock)
    orders = ExportOrders(
        standings, labels, trail, ApiWording(RecordingShapes(Links(settings.external_url), settings.playback_format))
    )
    return RecordingUses(
        keeping=keeping,
        labels=labels,
        evidence=Evidence(library, standings, vault.archive, trail, clock, four_eyes=four_eyes),
        redactions=Redactions(library, standings, vault.archive, SqlCopies(engine), clock),
        orders=orders,
        exports=BulkExports(library, orders, (jobs, jobs), vault.packages, clock, four_eyes=four_eyes),
        purposes=Purposes(library, asked, SqlPurposes(engine), clock),
        four_eyes=four_eyes,
    )
