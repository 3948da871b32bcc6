"""The console plays a call that two recorders have as one, where that is chosen, and shows what came from which."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
from playwright.async_api import Page, expect

from telegraphone.database.copies import SqlCopies
from telegraphone.database.engine import open_engine, sqlite_url
from telegraphone.domain.copies import Copy, Party
from telegraphone.keystore.file import FileKeyStore
from telegraphone.limits import SEGMENT_FRAMES
from telegraphone.media.g711 import mu_to_linear
from telegraphone.media.journal import Gap
from telegraphone.services.catalogue import PartRecord
from tests.interop import spoken
from tests.interop.desk import vault
from tests.interop.desk.stage import chromium, desk
from tests.interop.system import AGENTS, SUPERVISOR, telegraphone
from tests.unit.media.recording_maker import Maker, ended, pause, speech, started

RATE = vault.RATE
OURS, THEIRS = "00000000-0000-4000-8000-00000000aaaa", "00000000-0000-4000-8000-00000000bbbb"
CALLS = {OURS: "0OURS" + "0" * 27, THEIRS: "0THEIRS" + "0" * 25}
TALKING = (Party("sip:5550100@example.com", "5550100"), Party("sip:5001@example.com", "5001"))
FIRST_S, LAST_S = 2, 20
"""The second recorder has the call from its beginning, the first these seconds of it."""
LOST_S, PAUSED_S = (7, 10), (14, 16)
"""What the first lost, and when it was paused at the second, in seconds of the call."""


def sealed(data: Path, recording: str, begin_s: int, began: datetime) -> PartRecord:
    """What one of the recorders has of the call, finished in the folder of a server."""
    maker = Maker(keys=FileKeyStore(data / "keys"), recording=recording, tenant="default", segment_bytes=SEGMENT_FRAMES)
    at = began + timedelta(seconds=begin_s)
    records = list(pause(*(each * RATE for each in PAUSED_S))) if recording == THEIRS else []
    for stream in (0, 1):
        sound = bytearray(speech(stream, (LAST_S - begin_s) * RATE, begin_s * RATE))
        start, stop = ((each - begin_s) * RATE for each in (LOST_S if recording == OURS else PAUSED_S))
        sound[start:stop] = b"\xff" * (stop - start)
        if recording == OURS:
            records.append(Gap(stream, start, stop, "lost"))
        maker.audio(bytes(sound), stream=stream)
    maker.journal([started(call=CALLS[recording], at=at), *records, ended((LAST_S - begin_s) * RATE)])
    vault.finish(data, maker)
    lost = (LOST_S[0] - begin_s, LOST_S[1] - begin_s)
    spans = [vault.entry("Gap", at, lost, vault.BY_CALL, vault.BY_CALL, "lost")] if recording == OURS else []
    return vault.part(CALLS[recording], recording, at, LAST_S - begin_s, spans)


async def copied(data: Path, parts: list[PartRecord]) -> None:
    """Has the server know that both are of one call."""
    engine = open_engine(sqlite_url(data / "telegraphone.db"))
    links = frozenset({"default one-and-the-same-conversation"})
    made = [Copy(each.call_uuid, each.tenant, "sbc", each.started_at, links=links) for each in parts]
    ended_at = [each.stopped_at or each.started_at for each in parts]
    described = [copy.described(TALKING, copy.began_at).over(at) for copy, at in zip(made, ended_at, strict=True)]
    await SqlCopies(engine).put(*described)
    await engine.dispose()


async def heard(page: Page) -> bytes:
    """Left and right of all that the player plays now."""
    source = await page.evaluate("document.querySelector('audio').src")
    fetch = "async (url) => [...new Uint8Array(await (await fetch(url)).arrayBuffer())]"
    return bytes(await page.evaluate(fetch, source))


async def test_what_another_recorder_has_is_heard_where_that_is_chosen(tmp_path: Path) -> None:
    async with telegraphone(tmp_path, accounts=AGENTS + "[[access]]\npurpose_required = true\n") as system:
        began = vault.now() - timedelta(minutes=5)
        parts = [
            await asyncio.to_thread(sealed, system.data, name, begin_s, began) for name, begin_s in ((OURS, FIRST_S), (THEIRS, 0))
        ]
        await vault.put(system.data, parts)
        await copied(system.data, parts)
        async with chromium() as browser, desk(browser, system.url, SUPERVISOR, page="/recordings") as here:
            await here.log_in()
            page = here.page
            await page.locator("#found .row").filter(has_text="0:18").click()
            await page.get_by_label("What do you hear it for?").fill("complaint 5550100")
            await page.get_by_role("button", name="Go on").click()
            await expect(page.locator(".time")).to_have_text("0:00 / 0:18")
            choice = page.get_by_label("With what other recorders of this call have")
            await choice.check()
            await expect(page.locator(".time")).to_have_text("0:02 / 0:20")
            await expect(choice).to_be_focused()
            stretches = page.get_by_role("list", name="Marked stretches").get_by_role("listitem")
            await expect(stretches).to_have_count(4)
            told = (
                "From another recorder at 0:00 for 2.0 s",
                "Lost audio at 0:07 for 3.0 s",
                "From another recorder at 0:07 for 3.0 s",
                "Kept out by another recorder at 0:14 for 2.0 s",
            )
            for index, text in enumerate(told):
                await expect(stretches.nth(index)).to_contain_text(text)
            await expect(page.locator(".wave[data-drawn]")).to_be_attached()
            await here.looked_at("console-6-mended")
            await stretches.nth(2).get_by_role("button").click()
            await expect(page.locator(".here")).to_have_text("From another recorder")
            left, right = spoken.tracks(await heard(page))
            for stream, track in enumerate((left, right)):
                said = np.frombuffer(mu_to_linear(speech(stream, LAST_S * RATE)), "<i2")
                assert np.array_equal(track[: 13 * RATE], said[: 13 * RATE]), "the lost seconds are there, and the first"
                assert not np.any(track[PAUSED_S[0] * RATE : PAUSED_S[1] * RATE])
            await choice.uncheck()
            await expect(page.locator(".time")).to_have_text("0:05 / 0:18")
            await expect(stretches).to_have_count(1)
