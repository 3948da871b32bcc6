"""Packages of many recordings, prepared in the background and fetched when they are ready, in parts if need be (users ask 25).

Theory. A job is a list of recordings and how far it has come. Each recording is looked through, and what the package will say
of it is kept in the same moment as the job's place moves on; so a job that a crash interrupts goes on where it was, and one that
is cancelled stops behind the recording it is at. Nothing of the audio is kept (properties SEC-2): the package is made while it
is fetched, from any byte on. A recording that is erased or redacted meanwhile makes the package useless, and the job says so.
"""

import asyncio
import hashlib
from bisect import bisect_right
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Protocol

import structlog

from telegraphone.domain.agent import Agent
from telegraphone.domain.errors import NotFound, NotInState, ParameterInvalid, Refusal
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.permissions import Action
from telegraphone.limits import EXPORT_JOBS_MAX, EXPORT_KEPT_S, EXPORT_LOOK_S, EXPORT_RECORDINGS_MAX
from telegraphone.services.approvals import FourEyes
from telegraphone.services.archive_ports import Packages, PackedFile, Prepared
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.catalogue import PartQuery
from telegraphone.services.export_orders import ExportOrders
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

_ID_BYTES: Final = 12
_KIND: Final = "export"
_DIGITS: Final = 16
_ERASED: Final = "a recording of it was erased since"


class State(Enum):
    """How far a job is. *Ready* can be fetched; *failed* says why."""

    PREPARING = "preparing"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ExportJob:
    """One package in the making: whose, of how many recordings, how many of them are looked through, and how many bytes that
    made. `actor` is who asked as the trail names them, `purpose` what for."""

    id: str
    tenant: str
    user_name: str
    actor: str
    origin: str
    sealed: bool
    created_at: datetime
    recordings: int
    done: int = 0
    bytes: int = 0
    state: State = State.PREPARING
    finished_at: datetime | None = None
    reason: str = ""
    purpose: str = ""

    @property
    def etag(self) -> str:
        """Its package's: the same for as long as there is one."""
        return f'"{self.id}"'


class ExportJobs(Protocol):
    """Jobs of all tenants. All raise `Unavailable("database")`."""

    async def add(self, job: ExportJob, call_uuids: Sequence[CallUuid]) -> None:
        """Adds a job of these recordings."""

    async def change(self, job: ExportJob) -> bool:
        """Replaces what is known of a job; False when it is gone."""

    async def find(self, tenant: str, job_id: str) -> ExportJob | None:
        """One of a tenant."""

    async def of(self, tenant: str | None) -> tuple[ExportJob, ...]:
        """Those of a tenant, or of all, the oldest first."""

    async def remove(self, tenant: str, job_id: str) -> bool:
        """Forgets one and all that was kept for it; False when there is none."""


class ExportContents(Protocol):
    """What packages will hold, by job and the place of a recording in it, from 0; behind the last one what comes last. All raise
    `Unavailable("database")`."""

    async def left(self, job_id: str, first: int) -> tuple[int, CallUuid] | None:
        """The next recording that is not looked through, from this place on, and its place."""

    async def put(self, job: ExportJob, number: int, prepared: Prepared) -> bool:
        """Keeps what a package will hold of a recording, or behind the last one what comes last in it, and the job as it is
        with it; False when the job is gone."""

    async def files(self, job_id: str) -> tuple[tuple[int, tuple[PackedFile, ...]], ...]:
        """The files of all that is prepared, with their places, in order."""

    async def documents(self, job_id: str, number: int) -> Mapping[str, bytes]:
        """What is kept of one of them, by name; nothing when it was erased since."""


@dataclass(frozen=True, slots=True)
class ReadyPackage:
    """A package that can be fetched."""

    job: ExportJob
    files: tuple[PackedFile, ...]
    first_of: tuple[int, ...]
    """The index of each recording's first file."""
    numbers: tuple[int, ...]
    size: int

    @property
    def content_type(self) -> str:
        """The media type."""
        return "application/zip"

    @property
    def etag(self) -> str:
        """The job's."""
        return self.job.etag

    @property
    def last_modified(self) -> datetime:
        """When it became ready."""
        assert self.job.finished_at is not None
        return self.job.finished_at


class BulkExports:
    """The use cases, and `run`, which prepares one job after the other until cancelled."""

    def __init__(
        self,
        library: Library,
        orders: ExportOrders,
        kept: tuple[ExportJobs, ExportContents],
        packages: Packages,
        clock: Clock,
        *,
        four_eyes: FourEyes,
    ) -> None:
        self._library = library
        self._four_eyes = four_eyes
        self._orders = orders
        self._jobs, self._contents = kept
        self._packages = packages
        self._clock = clock
        self._audit: AuditTrail = library.audit
        self._woken = asyncio.Event()

    async def begin(
        self, agent: Agent, wanted: PartQuery | Sequence[str], *, sealed: bool, origin: str, purpose: str = ""
    ) -> ExportJob:
        """Begins a job of all that a search finds, or of these recordings. Raises `RoleMissing`, `PermissionMissing`,
        `NotFound` for a recording that is out of reach, `ParameterInvalid` for none, too many, or too many jobs."""
        try:
            call_uuids = await self._chosen(agent, wanted)
        except Refusal as refusal:
            await self._note(agent, "", "refused", {"reason": type(refusal).__name__}, origin)
            raise
        if len(await self._jobs.of(agent.tenant)) >= EXPORT_JOBS_MAX:
            raise ParameterInvalid("operationName", f"there are {EXPORT_JOBS_MAX} exports already; remove one")
        second = await self._four_eyes.passed(agent, Action.EXPORT, _named(call_uuids, sealed=sealed), origin)
        job = ExportJob(
            self._clock.entropy(_ID_BYTES).hex(),
            agent.tenant,
            agent.user_name,
            agent.actor,
            origin,
            sealed,
            self._clock.utc(),
            len(call_uuids),
            purpose=purpose,
        )
        said = {"recordings": str(job.recordings), "sealed": str(sealed).lower()}
        await self._note(agent, job.id, "begun", {**said, **_why(job), **second}, origin)
        await self._jobs.add(job, call_uuids)
        self._woken.set()
        return job

    async def all(self, agent: Agent, origin: str) -> tuple[ExportJob, ...]:
        """The jobs of the contact centre, the newest first. Raises as `begin`."""
        await self._library.must_reach(agent, Action.EXPORT, _KIND, origin)
        return (await self._jobs.of(agent.tenant))[::-1]

    async def one(self, agent: Agent, job_id: str, origin: str) -> ExportJob:
        """One of them. Raises `NotFound`, and as `all`."""
        await self._library.must_reach(agent, Action.EXPORT, f"{_KIND} {job_id}", origin)
        job = await self._jobs.find(agent.tenant, job_id)
        if job is None:
            raise NotFound(_KIND, job_id)
        return job

    async def remove(self, agent: Agent, job_id: str, origin: str) -> None:
        """Cancels a job, or forgets one that is over. Raises as `one`."""
        job = await self.one(agent, job_id, origin)
        if not await self._jobs.remove(agent.tenant, job_id):
            raise NotFound(_KIND, job_id)
        await self._note(agent, job_id, "cancelled" if job.state is State.PREPARING else "removed", {}, origin)

    async def package(self, agent: Agent, job_id: str, origin: str) -> ReadyPackage:
        """The package of a job that is ready. Raises `NotInState` for one that is not, and as `one`."""
        job = await self.one(agent, job_id, origin)
        held = await self._contents.files(job_id)
        if job.state is State.READY and len(held) != job.recordings + 1:
            job = await self._failed(job, _ERASED)
        if job.state is not State.READY:
            raise NotInState("package", f"the export is {job.state.value}")
        files = tuple(file for _, each in held for file in each)
        first_of, place = [], 0
        for _, each in held:
            first_of.append(place)
            place += len(each)
        return ReadyPackage(job, files, tuple(first_of), tuple(number for number, _ in held), self._packages.size(files))

    async def fetched(self, agent: Agent, package: ReadyPackage, span: tuple[int, int], origin: str) -> AsyncIterator[bytes]:
        """Bytes start ≤ b < stop of it; the trail says so before the first. Breaks off with `Unavailable` at a recording that is
        another than it was, and the job has failed then."""
        detail = {"bytes": f"{span[0]}-{span[1] - 1}"}
        await self._note(agent, package.job.id, "fetched", detail, origin)
        return self._pieces(package, span)

    async def _pieces(self, package: ReadyPackage, span: tuple[int, int]) -> AsyncIterator[bytes]:
        job, index_of = package.job, {file.name: index for index, file in enumerate(package.files)}
        held: tuple[int, Mapping[str, bytes]] = (-1, {})

        async def document(name: str) -> bytes | None:
            nonlocal held
            number = package.numbers[bisect_right(package.first_of, index_of[name]) - 1]
            if number != held[0]:
                held = (number, await self._contents.documents(job.id, number))
            if not held[1]:
                raise KeyError(name.split("/", maxsplit=1)[0])
            return held[1].get(name)

        try:
            async for piece in self._packages.read(package.files, *span, document):
                yield piece
        except KeyError as error:
            await self._failed(job, f"recording {error.args[0]} is there no longer")
            raise Unavailable("archive", f"{error.args[0]} is there no longer", retryable=False) from None
        except Unavailable as error:
            if not error.retryable:
                await self._failed(job, str(error))
            raise

    async def run(self) -> None:
        """Prepares jobs, the oldest first, and forgets those that are old."""
        while True:
            self._woken.clear()
            try:
                await self._look()
            except Unavailable as error:
                log.warning("exports_wait", error=str(error))
            async with asyncio.TaskGroup() as tasks:
                alarm = tasks.create_task(self._ring(self._clock.now() + EXPORT_LOOK_S))
                await self._woken.wait()
                alarm.cancel()

    async def _ring(self, deadline: float) -> None:
        await self._clock.sleep_until(deadline)
        self._woken.set()

    async def _look(self) -> None:
        for job in await self._jobs.of(None):
            if self._clock.utc() - job.created_at >= timedelta(seconds=EXPORT_KEPT_S):
                await self._jobs.remove(job.tenant, job.id)
            elif job.state is State.PREPARING:
                try:
                    await self._prepare(job)
                except Unavailable as error:
                    # What is out of reach for one need not be for the next.
                    log.warning("export_waits", export=job.id, error=str(error))

    async def _prepare(self, job: ExportJob) -> None:
        try:
            number = -1
            while left := await self._contents.left(job.id, number + 1):
                number, call_uuid = left
                prepared = await self._looked_through(job, call_uuid)
                size = sum(each.size for each in prepared.files)
                job = replace(job, done=job.done + 1, bytes=job.bytes + size)
                if not await self._contents.put(job, number, prepared):
                    return
        except KeyError as error:
            await self._failed(job, f"recording {error.args[0]} is not there")
            return
        except Unavailable as error:
            if error.retryable:
                raise
            await self._failed(job, str(error))
            return
        held = await self._contents.files(job.id)
        if len(held) != job.recordings:
            await self._failed(job, _ERASED)
            return
        closing = await self._packages.closed([file for _, each in held for file in each])
        ready = replace(job, state=State.READY, finished_at=self._clock.utc())
        await self._contents.put(ready, job.recordings, closing)

    async def _looked_through(self, job: ExportJob, call_uuid: CallUuid) -> Prepared:
        """One recording, whose export is in its trail first; of one that was erased before, its stone."""
        parts = await self._library.catalogue.parts_of_call(job.tenant, call_uuid)
        orders = await self._orders.of(job.tenant, parts) or await self._orders.erased(job.tenant, call_uuid)
        if not orders:
            return Prepared((), {})
        detail = {"parts": str(len(orders)), "sealed": str(job.sealed).lower(), "export": job.id} | _why(job)
        await self._audit.write(Deed(job.actor, Action.EXPORT.value, call_uuid, "begun", detail, job.tenant, job.origin))
        return await self._packages.prepare(orders, sealed_files=job.sealed)

    async def _failed(self, job: ExportJob, reason: str) -> ExportJob:
        log.error("export_failed", export=job.id, reason=reason)
        failed = replace(job, state=State.FAILED, finished_at=self._clock.utc(), reason=reason)
        await self._jobs.change(failed)
        return failed

    async def _chosen(self, agent: Agent, wanted: PartQuery | Sequence[str]) -> Sequence[CallUuid]:
        if isinstance(wanted, PartQuery):
            found: list[CallUuid] = []
            async for page in self._library.pages(agent, Action.EXPORT, wanted):
                found += page
                if len(found) > EXPORT_RECORDINGS_MAX:
                    raise ParameterInvalid("criteria", f"more than {EXPORT_RECORDINGS_MAX} recordings are found")
        else:
            found = [await self._one(agent, each) for each in dict.fromkeys(wanted)]
        if not found:
            raise ParameterInvalid("criteria", "no recording is found")
        return found

    async def _one(self, agent: Agent, call_uuid: str) -> CallUuid:
        """A recording in reach, or one that was erased, for who may export everybody's."""
        try:
            return (await self._library.within_reach(agent, Action.EXPORT, call_uuid))[0].call_uuid
        except NotFound:
            everybodys = self._library.reach(agent, Action.EXPORT) is None
            if everybodys and await self._orders.erased(agent.tenant, CallUuid(call_uuid)):
                return CallUuid(call_uuid)
            raise

    async def _note(self, agent: Agent, job_id: str, result: str, detail: Mapping[str, str], origin: str) -> None:
        subject = f"export {job_id}".strip()
        await self._audit.write(Deed(agent.actor, Action.EXPORT.value, subject, result, detail, agent.tenant, origin))


def _why(job: ExportJob) -> dict[str, str]:
    return {"purpose": job.purpose} if job.purpose else {}


def _named(call_uuids: Sequence[CallUuid], *, sealed: bool) -> str:
    """What a second person approves: exactly these recordings, so that none is put among them afterwards."""
    digest = hashlib.sha256(" ".join(sorted(call_uuids)).encode()).hexdigest()[:_DIGITS]
    return f"{_KIND} of {len(call_uuids)} recordings{' with what was sealed' if sealed else ''}, {digest}"
