"""Packages of many recordings in the making, in SQL: `ExportJobs` and `ExportContents`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from telegraphone.database.engine import transaction, writing
from telegraphone.database.tables import export_contents, export_jobs
from telegraphone.domain.ids import CallUuid
from telegraphone.services.archive_ports import PackedFile, Prepared
from telegraphone.services.export_jobs import ExportJob, State

_FILES = msgspec.json.Decoder(tuple[tuple[str, int, int, str], ...])
_DOCUMENTS = msgspec.msgpack.Decoder(dict[str, bytes])


class SqlExports:
    """Both over a database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def add(self, job: ExportJob, call_uuids: Sequence[CallUuid]) -> None:
        """See `ExportJobs.add`."""
        rows = [
            {"job": job.id, "number": number, "tenant": job.tenant, "call_uuid": call_uuid}
            for number, call_uuid in enumerate(call_uuids)
        ]
        async with writing(self._engine) as connection:
            await connection.execute(insert(export_jobs).values(_to_row(job)))
            await connection.execute(insert(export_contents), rows)

    async def change(self, job: ExportJob) -> bool:
        """See `ExportJobs.change`."""
        async with writing(self._engine) as connection:
            changed = await connection.execute(update(export_jobs).where(export_jobs.c.id == job.id).values(_to_row(job)))
            return bool(changed.rowcount)

    async def find(self, tenant: str, job_id: str) -> ExportJob | None:
        """See `ExportJobs.find`."""
        wanted = select(export_jobs).where(export_jobs.c.tenant == tenant, export_jobs.c.id == job_id)
        async with transaction(self._engine) as connection:
            row = (await connection.execute(wanted)).mappings().first()
        return _from_row(row) if row is not None else None

    async def of(self, tenant: str | None) -> tuple[ExportJob, ...]:
        """See `ExportJobs.of`."""
        wanted = select(export_jobs).order_by(export_jobs.c.created_at, export_jobs.c.id)
        if tenant is not None:
            wanted = wanted.where(export_jobs.c.tenant == tenant)
        async with transaction(self._engine) as connection:
            return tuple(_from_row(row) for row in (await connection.execute(wanted)).mappings())

    async def remove(self, tenant: str, job_id: str) -> bool:
        """See `ExportJobs.remove`."""
        async with writing(self._engine) as connection:
            gone = await connection.execute(delete(export_jobs).where(export_jobs.c.tenant == tenant, export_jobs.c.id == job_id))
            if gone.rowcount:
                await connection.execute(delete(export_contents).where(export_contents.c.job == job_id))
            return bool(gone.rowcount)

    async def left(self, job_id: str, first: int) -> tuple[int, CallUuid] | None:
        """See `ExportContents.left`."""
        wanted = (
            select(export_contents.c.number, export_contents.c.call_uuid)
            .where(export_contents.c.job == job_id, export_contents.c.number >= first, export_contents.c.files.is_(None))
            .order_by(export_contents.c.number)
            .limit(1)
        )
        async with transaction(self._engine) as connection:
            row = (await connection.execute(wanted)).first()
        return (row.number, CallUuid(row.call_uuid)) if row is not None else None

    async def put(self, job: ExportJob, number: int, prepared: Prepared) -> bool:
        """See `ExportContents.put`."""
        files = msgspec.json.encode([(each.name, each.size, each.crc32, each.sha256) for each in prepared.files]).decode()
        kept = {"files": files, "documents": msgspec.msgpack.encode(dict(prepared.documents))}
        here = (export_contents.c.job == job.id, export_contents.c.number == number)
        async with writing(self._engine) as connection:
            changed = await connection.execute(update(export_jobs).where(export_jobs.c.id == job.id).values(_to_row(job)))
            if not changed.rowcount:
                return False
            put = await connection.execute(update(export_contents).where(*here).values(kept))
            if not put.rowcount and number == job.recordings:
                row = {"job": job.id, "number": number, "tenant": job.tenant, "call_uuid": ""}
                await connection.execute(insert(export_contents).values(row | kept))
            return True

    async def files(self, job_id: str) -> tuple[tuple[int, tuple[PackedFile, ...]], ...]:
        """See `ExportContents.files`."""
        wanted = (
            select(export_contents.c.number, export_contents.c.files)
            .where(export_contents.c.job == job_id, export_contents.c.files.is_not(None))
            .order_by(export_contents.c.number)
        )
        async with transaction(self._engine) as connection:
            rows = (await connection.execute(wanted)).all()
        return tuple((row.number, tuple(PackedFile(*each) for each in _FILES.decode(row.files))) for row in rows)

    async def documents(self, job_id: str, number: int) -> Mapping[str, bytes]:
        """See `ExportContents.documents`."""
        wanted = select(export_contents.c.documents).where(export_contents.c.job == job_id, export_contents.c.number == number)
        async with transaction(self._engine) as connection:
            kept = await connection.scalar(wanted)
        return _DOCUMENTS.decode(kept) if kept is not None else {}


def _to_row(job: ExportJob) -> dict[str, object]:
    return asdict(job) | {"state": job.state.value}


def _from_row(row: RowMapping) -> ExportJob:
    return ExportJob(**{**row, "state": State(row["state"])})
