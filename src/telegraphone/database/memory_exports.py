"""Packages of many recordings in the making, in memory."""

from collections.abc import Mapping, Sequence

from telegraphone.domain.ids import CallUuid
from telegraphone.services.archive_ports import PackedFile, Prepared
from telegraphone.services.export_jobs import ExportJob


class MemoryExports:
    """`ExportJobs` and `ExportContents` in dictionaries."""

    def __init__(self) -> None:
        self._jobs: dict[str, ExportJob] = {}
        self._wanted: dict[str, dict[int, CallUuid]] = {}
        self._contents: dict[str, dict[int, Prepared]] = {}

    async def add(self, job: ExportJob, call_uuids: Sequence[CallUuid]) -> None:
        """See `ExportJobs.add`."""
        self._jobs[job.id], self._contents[job.id] = job, {}
        self._wanted[job.id] = dict(enumerate(call_uuids))

    async def change(self, job: ExportJob) -> bool:
        """See `ExportJobs.change`."""
        if job.id not in self._jobs:
            return False
        self._jobs[job.id] = job
        return True

    async def find(self, tenant: str, job_id: str) -> ExportJob | None:
        """See `ExportJobs.find`."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.tenant == tenant else None

    async def of(self, tenant: str | None) -> tuple[ExportJob, ...]:
        """See `ExportJobs.of`."""
        found = [job for job in self._jobs.values() if tenant in (None, job.tenant)]
        return tuple(sorted(found, key=lambda job: (job.created_at, job.id)))

    async def remove(self, tenant: str, job_id: str) -> bool:
        """See `ExportJobs.remove`."""
        if await self.find(tenant, job_id) is None:
            return False
        del self._jobs[job_id], self._wanted[job_id], self._contents[job_id]
        return True

    async def left(self, job_id: str, first: int) -> tuple[int, CallUuid] | None:
        """See `ExportContents.left`."""
        wanted, done = self._wanted.get(job_id, {}), self._contents.get(job_id, {})
        return next((each for each in sorted(wanted.items()) if each[0] >= first and each[0] not in done), None)

    async def put(self, job: ExportJob, number: int, prepared: Prepared) -> bool:
        """See `ExportContents.put`."""
        if not await self.change(job):
            return False
        self._contents[job.id][number] = prepared
        return True

    async def files(self, job_id: str) -> tuple[tuple[int, tuple[PackedFile, ...]], ...]:
        """See `ExportContents.files`."""
        return tuple((number, each.files) for number, each in sorted(self._contents.get(job_id, {}).items()))

    async def documents(self, job_id: str, number: int) -> Mapping[str, bytes]:
        """See `ExportContents.documents`."""
        held = self._contents.get(job_id, {}).get(number)
        return held.documents if held is not None else {}
