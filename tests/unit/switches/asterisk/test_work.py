"""Work that nobody waits for: what becomes of it when it fails, and when the switch ends."""

import asyncio

import pytest

from telegraphone.services.ports import Unavailable
from telegraphone.switches.asterisk.work import Work


async def test_what_fails_ends_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    work, done = Work("pbx"), asyncio.Event()

    async def fails(error: Exception) -> None:
        raise error

    async def goes_on() -> None:
        done.set()

    async with asyncio.TaskGroup() as group:
        work.attach(group)
        work.spawn(fails, Unavailable("switch", "not now"))
        work.spawn(fails, KeyError("a bug"))
        work.spawn(goes_on)
        await work.done()
    assert done.is_set()
    told = capsys.readouterr().out
    assert "asterisk_did_not" in told
    assert "asterisk_work_crashed" in told


async def test_what_is_begun_while_all_ends_is_not_done_and_leaves_nothing_behind() -> None:
    """Neither before its first step nor afterwards; a coroutine that nobody awaits would be an error of this test."""
    work, did, living = Work("pbx"), [], asyncio.Event()

    async def act(what: str) -> None:
        did.append(what)

    async def life() -> None:
        async with asyncio.TaskGroup() as group:
            work.attach(group)
            living.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(life())
    await living.wait()
    task.cancel()
    work.spawn(act, "before its first step")
    await asyncio.gather(task, return_exceptions=True)
    await work.spawn(act, "after")
    await work.done()
    assert did == []


async def test_what_outlasts_who_waits_for_it_is_done_and_what_fails_is_told() -> None:
    work, begin, did = Work("pbx"), asyncio.Event(), asyncio.Event()

    async def act() -> None:
        await begin.wait()
        did.set()

    async def fails() -> None:
        raise Unavailable("switch", "not now")

    async with asyncio.TaskGroup() as group:
        work.attach(group)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(work.outlasting(act), 0.05)
        begin.set()
        await work.outlasting(act)
        with pytest.raises(Unavailable):
            await work.outlasting(fails)
    assert did.is_set()
