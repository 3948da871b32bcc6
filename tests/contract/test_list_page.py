"""A page of a hundred recordings with everything of each costs a database a handful of transactions."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import event
from starlette.requests import Request

from telegraphone.database.audit import SqlAuditTrail
from telegraphone.database.catalogue import SqlCatalogue
from telegraphone.database.labels import SqlLabels
from telegraphone.database.memory_access import MemoryApprovals, MemoryPurposes
from telegraphone.database.standings import SqlStandings
from telegraphone.domain.agent import Agent, Directory, Role
from telegraphone.domain.ids import DEFAULT_TENANT, CallUuid, RecordingId
from telegraphone.domain.labels import Label, LabelDefinition
from telegraphone.keystore.memory import MemoryKeyStore
from telegraphone.services.approvals import FourEyes
from telegraphone.services.catalogue import PartRecord
from telegraphone.services.keeping import Keeping
from telegraphone.services.labels import Labels
from telegraphone.services.library import Library
from telegraphone.services.purposes import Purposes
from telegraphone.storage.notary import SignedStatements
from telegraphone.web.auth import Principal
from telegraphone.web.gws.links import Links
from telegraphone.web.gws.recording_shapes import RecordingShapes
from telegraphone.web.gws.recordings import Recordings
from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.sign_ins import SignIns
from tests.contract.databases import KINDS, database
from tests.postgresql import Server
from tests.scenario.clock import VirtualClock
from tests.unit.media.recording_maker import Chance

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
OFFICER = Agent("compliance.one", "1" * 32, roles=frozenset({Role.COMPLIANCE}))
TRANSACTIONS_MAX = 7
"""What was found, what was looked for, behind which to go on, the parts, what labels mean, the labels, and what keeps each."""


def part(number: int) -> PartRecord:
    began = NOON + timedelta(minutes=number)
    numbers = ("c", "n", "5000", "5001", "5001", "agent.one")
    return PartRecord(RecordingId(str(number)), CallUuid(f"{number:032}"), *numbers, began, began, 1, "sealed")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_page_of_a_hundred_takes_a_handful_of_transactions(kind: str, tmp_path: Path, postgresql: Server) -> None:
    async with database(kind, tmp_path, postgresql) as engine:
        clock, catalogue, standings, labels = VirtualClock(), SqlCatalogue(engine), SqlStandings(engine), SqlLabels(engine)
        await catalogue.put(*map(part, range(101)))
        await standings.hold(DEFAULT_TENANT, part(7).call_uuid, "case 7", ("compliance.one", NOON))
        await labels.define(DEFAULT_TENANT, LabelDefinition("complaint", "Complaint"))
        await labels.add(DEFAULT_TENANT, part(8).call_uuid, Label("complaint", "17", "agent.one", NOON))
        trail = SqlAuditTrail(engine, clock)
        library = Library(catalogue, Directory((OFFICER,)), trail)
        notary, four_eyes = SignedStatements(MemoryKeyStore(Chance("keys"))), FourEyes({}, MemoryApprovals(), library, clock)
        keeping = Keeping(library, standings, None, notary, trail, four_eyes=four_eyes)  # type: ignore[arg-type]  # nothing is erased
        shapes = RecordingShapes(Links("http://127.0.0.1:8080"))
        pages = Recordings(
            shapes,
            library,
            keeping,
            Labels(library, labels, labels, trail, clock),
            Purposes(library, frozenset(), MemoryPurposes(), clock),
        )
        sign_in = SignIns(clock, lambda _: None).begin(OFFICER.user_name)
        query = {"userName": "agent.one", "fields": "*", "subresources": "labels", "limit": "100"}
        scope = {"type": "http", "client": ("192.0.2.7", 5_000), "headers": []}
        request = ApiRequest(Principal(OFFICER, sign_in, by_cookie=False, new_cookie=False), {}, query, {}, Request(scope))

        begun: list[object] = []
        event.listen(engine.sync_engine, "begin", begun.append)
        shown = msgspec.json.decode((await pages.search(request)).body)
        assert len(begun) <= TRANSACTIONS_MAX
    recordings = {each["id"]: each for each in shown["recordings"]}
    assert list(recordings) == [part(number).call_uuid for number in range(100, 0, -1)]
    assert {id_: each["holds"] for id_, each in recordings.items() if each["holds"]} == {part(7).call_uuid: ["case 7"]}
    assert [id_ for id_, each in recordings.items() if each["labels"]] == [part(8).call_uuid]
    assert shown["nextCursor"]
