"""The recordings console in Chromium: found while typing, an hour drawn and heard at any second, and who listened."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
from playwright.async_api import Page, expect
from typer.testing import CliRunner

from telegraphone.cli import app
from telegraphone.keystore.file import FileKeyStore
from tests.interop import spoken
from tests.interop.desk import vault
from tests.interop.desk.stage import Desk, chromium, desk
from tests.interop.system import AGENTS, HASH, PASSWORD, SUPERVISOR, System, telegraphone
from tests.tidy.rule import ROOT


@asynccontextmanager
async def _console(system: System, user: str = SUPERVISOR, missing: str = "") -> AsyncIterator[Desk]:
    """The console of this user, to whom the server tells of a call without a recording if one is given."""
    changed = {"/api/v2/reconciliation": lambda _: _telling_of(missing)} if missing else None
    async with chromium() as browser, desk(browser, system.url, user, page="/recordings", changed=changed) as here:
        await here.log_in()
        yield here


def _telling_of(call: str) -> str:
    said = {"problem": "missing", "text": "no recording of it is listed", "dateTime": "2026-11-24T09:00:00.000+0000"}
    return json.dumps({"statusCode": 0, "waiting": 0, "troubles": [{"callUuid": call, **said}]})


async def _filled(system: System) -> None:
    began = vault.now() - timedelta(hours=1, minutes=5)
    long = await asyncio.to_thread(vault.long_recording, system.data, began)
    await vault.put(system.data, [long, *vault.a_busy_week(began)])


async def test_a_supervisors_day(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system:
        await _filled(system)
        async with _console(system) as here:
            page = here.page
            await expect(page.locator("#found-count")).to_have_text("50+")
            await expect(page.locator(".figures [data-kind=gap] dd")).not_to_have_text("0")
            await expect(page.locator(".figures [data-kind=pause] dd")).not_to_have_text("0")
            await here.looked_at("console-1-overview")
            await _search(page)
            await _open_the_hour(page)
            await here.looked_at("console-2-recording")
            await _move_by_keys(page)
            await _hear(page)
            await _look_who_listened(page)


async def _search(page: Page) -> None:
    """Found while typing, by number and by agent; the next page on request."""
    await page.get_by_role("button", name="Show more").click()
    await expect(page.locator("#found-count")).to_have_text("71")
    await expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    await page.keyboard.press("/")
    await page.keyboard.type("agent.two")
    await expect(page.locator("#found-count")).to_have_text("35")
    await page.get_by_label("Search", exact=True).fill("5550155")
    await expect(page.locator("#found .row")).to_have_count(1)
    await page.get_by_label("Search", exact=True).fill("5559999")
    await expect(page.locator("#found-none")).to_be_visible()
    await page.get_by_label("Search", exact=True).fill("")
    await expect(page.locator("#found-count")).to_have_text("50+")
    await page.locator("select[name=kind]").select_option("gap")
    await expect(page.locator("#found .badge[data-type=Gap]").first).to_be_visible()
    await page.locator("select[name=kind]").select_option("all")


async def _open_the_hour(page: Page) -> None:
    await page.locator("#found .row").filter(has_text="1:00:00").click()
    await expect(page.get_by_role("heading", name="5550100 called 5001")).to_be_focused()
    await expect(page.locator(".time")).to_have_text("0:00 / 1:00:00")
    spans = page.get_by_role("list", name="Marked stretches").get_by_role("listitem")
    told = ("Paused at 10:00 for 2 min 30 s", "On hold at 25:00 for 1 min 30 s", "Lost audio at 40:00 for 7.0 s")
    for index, text in enumerate(told):
        await expect(spans.nth(index)).to_contain_text(text)
    await expect(page.locator(".mark-span")).to_have_count(3)
    picture = await _box(page, ".over")
    for kind, (start, stop) in vault.SPANS.items():
        mark = await _box(page, f".mark-span[data-type={kind}]")
        assert abs(mark["x"] - picture["x"] - picture["width"] * start / vault.HOUR_S) < 2, "spans lie where they are"
        assert abs(mark["width"] - max(4, picture["width"] * (stop - start) / vault.HOUR_S)) < 2
    await expect(page.locator(".wave[data-drawn]")).to_be_attached(timeout=60_000)
    drawn = await page.evaluate(_INK)
    assert min(drawn) > 0.4, "both parties are drawn, to the end"


_INK = """() => [...document.querySelector(".wave").firstElementChild.shadowRoot.querySelectorAll(".canvases > *")].map(lane => {
  const all = [...lane.querySelectorAll("canvas"), ...(lane.matches("canvas") ? [lane] : [])];
  let inked = 0, columns = 0;
  for (const canvas of all) {
    const {width, height} = canvas;
    const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    for (let x = 0; x < width; x += 1) {
      let tall = 0;
      for (let y = 0; y < height; y += 1) tall += pixels[4 * (y * width + x) + 3] > 0;
      columns += 1;
      inked += tall > height / 20;
    }
  }
  return inked / columns;
})"""
"""Which share of each lane's columns is more than a flat line."""


async def _box(page: Page, selector: str) -> dict[str, float]:
    box = await page.locator(selector).bounding_box()
    assert box is not None
    return {**box}


async def _move_by_keys(page: Page) -> None:
    time, here = page.locator(".time"), page.locator(".here")
    await page.keyboard.press("n")
    await expect(time).to_have_text("10:00 / 1:00:00")
    await expect(here).to_have_text("Paused")
    await page.keyboard.press("ArrowLeft")
    await expect(time).to_have_text("9:55 / 1:00:00")
    await expect(here).to_have_text("")
    await page.keyboard.press("l")
    await expect(here).to_have_text("Paused")
    await page.keyboard.press("n")
    await expect(here).to_have_text("On hold")
    await page.keyboard.press("n")
    await expect(here).to_have_text("Lost audio")
    await page.keyboard.press("p")
    await expect(time).to_have_text("25:00 / 1:00:00")
    await page.keyboard.press("End")
    await expect(time).to_have_text("1:00:00 / 1:00:00")
    await page.keyboard.press("Home")
    slider = page.get_by_role("slider", name="Place in the recording")
    await slider.focus()
    await expect(slider).to_have_attribute("aria-valuetext", "0:00 of 1:00:00")


async def _hear(page: Page) -> None:
    """The element plays from where it was sent, and what the server sends there is what was recorded there."""
    await page.locator(".stretch").nth(1).click()
    await page.keyboard.press("k")
    await expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    await expect(page.locator(".time")).to_have_text(re.compile("25:(0[1-9]|[1-5].) / 1:00:00"))
    await page.keyboard.press("k")
    await expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    source = await page.evaluate("document.querySelector('audio').src")
    for second in (0, 7, 599, 751, 1_234, 3_599):
        first = 44 + 4 * vault.RATE * second
        sound = bytes(await page.evaluate(_FETCH, [source, f"bytes={first}-{first + 4 * vault.RATE - 1}"]))
        frames = np.frombuffer(sound, "<i2").reshape(-1, 2).astype(float)
        agent_speaks = second // 20 % 2 == 0
        heard = frames[:, 0 if agent_speaks else 1]
        assert abs(spoken.hertz(heard) - vault.pitch(second, agent=agent_speaks)) < 5, f"second {second}"
        assert np.abs(frames[:, 1 if agent_speaks else 0]).max() < 20


_FETCH = """async ([url, Range]) =>
  [...new Uint8Array(await (await fetch(url, {headers: {Range}})).arrayBuffer())]"""


async def _look_who_listened(page: Page) -> None:
    await page.locator("#found .row").filter(has_text="1:00:00").click()
    await expect(page.locator(".deeds li").first).to_contain_text(f"{SUPERVISOR} listened")
    await expect(page.locator(".wave[data-drawn]")).to_be_attached(timeout=60_000)


async def test_all_that_is_found_is_held_and_taken_out(tmp_path: Path) -> None:
    """CMP-6: one package of several recordings, from an order on the page to its proof without the server."""
    accounts = AGENTS + OFFICER + OFFICER.replace(COMPLIANCE, COLLEAGUE) + '[[access]]\nfour_eyes = ["release"]\n'
    async with telegraphone(tmp_path, accounts=accounts) as system:
        began = vault.now() - timedelta(hours=1)
        parts = [await asyncio.to_thread(vault.short_recording, system.data, began, number) for number in range(3)]
        await vault.put(system.data, parts)
        async with _console(system, COMPLIANCE, missing="M" * 32) as here:
            page = here.page
            await expect(page.get_by_label("Calls without a whole recording")).to_contain_text("no recording of it is listed")
            await expect(page.locator("#found .row")).to_have_count(3)
            await _tell(page, "Hold all…", "Hold", Matter="case 17")
            await expect(page.locator("#found .badge[data-type=held]")).to_have_count(3)
            await page.get_by_role("button", name="Export all…").click()
            await page.get_by_label("with what was sealed").check()
            await page.get_by_role("button", name="Begin").click()
            row = page.locator(".exports li")
            await expect(row).to_contain_text("3 recordings, compliance.one")
            await expect(row).to_contain_text("3 looked through. It is ready")
            await here.looked_at("console-5-exports")
            async with page.expect_download() as saved:
                await row.get_by_role("link", name="Save").click()
            package = tmp_path / "many.zip"
            await (await saved.value).save_as(package)
            await page.get_by_role("button", name="Remove").click()
            await expect(page.locator("#exports")).to_be_hidden()
            await _approve(page, system)
        signer = FileKeyStore(system.data / "keys").public_key().hex()
        done = await asyncio.to_thread(CliRunner().invoke, app, ["verify", str(package), "--signer", signer])
        assert done.exit_code == 0, done.stdout
        command = [sys.executable, str(ROOT / "examples/verify_export.py"), str(package), signer]
        said = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)
        assert (said.returncode, said.stdout.count("20.000 s, intact")) == (0, 3), said.stderr


async def _approve(page: Page, system: System) -> None:
    """What is refused to one person waits on the page of another."""
    order = {"operationName": "releaseHold", "matter": "case 17"}
    async with httpx.AsyncClient(base_url=system.url, auth=(COLLEAGUE, PASSWORD), trust_env=False) as colleague:
        assert (await colleague.post("/api/v2/recordings", json=order)).status_code == 403
        await page.reload()
        # Everything that the page asks for at its beginning has been answered: nothing is under way when it is closed.
        await expect(page.get_by_label("Calls without a whole recording")).to_contain_text("no recording of it is listed")
        waiting = page.locator("#approvals li")
        await expect(waiting).to_contain_text(f"{COLLEAGUE}, ")
        await waiting.get_by_role("button", name="Approve").click()
        await expect(waiting).to_contain_text(f"{COMPLIANCE} has approved it")
        assert (await colleague.post("/api/v2/recordings", json=order)).json()["released"] == 3


COMPLIANCE, COLLEAGUE = "compliance.one", "compliance.two"
OFFICER = f'''
[[agents]]
user_name = "{COMPLIANCE}"
password_hash = "{HASH}"
roles = ["compliance"]
'''


async def test_a_recording_is_labelled_held_redacted_reported_and_erased(tmp_path: Path) -> None:
    async with telegraphone(tmp_path, accounts=AGENTS + OFFICER + "[[access]]\npurpose_required = true\n") as system:
        began = vault.now()
        made = [
            await asyncio.to_thread(vault.short_recording, system.data, began - timedelta(seconds=5 * number), number)
            for number in (0, 1)
        ]
        await vault.put(system.data, made)
        await vault.link(system.data, made)
        async with _console(system, COMPLIANCE) as here:
            page = here.page
            await page.locator("#found .row").first.click()
            await _say_why(here)
            await expect(page.locator(".wave[data-drawn]")).to_be_attached()
            await _label(page)
            await _keep(page)
            await _take_out(page)
            await here.looked_at("console-3-care")
            await _look_at_reports(here)
            await _take_along(page, tmp_path, system)
            await _erase(here)
            said = await page.evaluate(_ASK, f"/api/v2/recordings/{vault.SHORT}/tombstone")
            stone = json.loads(said["tombstone"]["document"])
            assert (stone["by"], stone["reason"]) == (COMPLIANCE, "asked for by the customer")


_ASK = "async (url) => (await fetch(url)).json()"


async def _tell(page: Page, button: str, submit: str, **fields: str) -> None:
    """Opens a dialog, fills it and sends it."""
    await page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        await dialog.get_by_label(label).fill(value)
    await dialog.get_by_role("button", name=submit, exact=True).click()
    await expect(dialog).to_be_hidden()


async def _label(page: Page) -> None:
    await _tell(page, "Add a label…", "Add", Label="complaint", Value="case 17")
    await expect(page.get_by_role("list", name="Labels")).to_contain_text("complaintcase 17")
    await expect(page.locator("#found .badge").filter(has_text="complaint")).to_be_visible()
    await expect(page.locator(".deeds li").first).to_contain_text(f"{COMPLIANCE} labelled it complaint")
    await _tell(page, "Add a label…", "Add", Label="mistake")
    await page.get_by_role("button", name="Take mistake off").click()
    await expect(page.locator(".label")).to_have_count(1)


async def _keep(page: Page) -> None:
    """What keeps it is said before its end is asked for, and refused all the same."""
    await page.get_by_role("button", name="Protect", exact=True).click()
    await expect(page.locator(".keeping")).to_contain_text("Protected from deletion.")
    await _tell(page, "Hold it…", "Hold", Matter="case 17")
    await expect(page.locator(".keeping")).to_contain_text("Held for case 17.")
    await expect(page.locator("#found .badge[data-type=held]")).to_be_visible()
    await page.get_by_role("button", name="Erase…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("It is protected from deletion. It is held for case 17. End that first")
    await dialog.get_by_label("Reason").fill("asked for by the customer")
    await dialog.get_by_label("Write erase to go on").fill("erase")
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(dialog.get_by_role("alert")).to_have_text(f"Recording [{vault.SHORT}] is protected from deletion.")
    await dialog.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="End this hold").click()
    await page.get_by_role("button", name="End the protection").click()
    await expect(page.locator(".keeping")).to_contain_text("Not protected from deletion.")


async def _take_out(page: Page) -> None:
    """PCI-12: what was there is silence, its neighbours are not, and it is seen where it was."""
    before = await _levels(page)
    assert min(before) > 1_000
    await page.get_by_role("button", name="Take a stretch out…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Nobody can bring it back.")
    await dialog.get_by_label("From").fill("0:07")
    for wrong in ("0:05", "9:99:99", "later"):
        await dialog.get_by_label("To (").fill(wrong)
        await dialog.get_by_label("Reason").fill("card number before the pause")
        await dialog.get_by_role("button", name="Take it out").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("Write two places")
    await dialog.get_by_label("To (").fill("0:09.5")
    await expect(dialog.get_by_label("In every recording of this conversation")).to_be_checked()
    await dialog.get_by_role("button", name="Take it out").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator(".stretch")).to_contain_text("Taken out at 0:07 for 2.5 s")
    await expect(page.locator(".mark-span[data-type=Redacted]")).to_be_visible()
    await expect(page.locator(".wave[data-drawn]")).to_be_attached()
    after = await _levels(page)
    assert max(after[7:9]) == 0
    copy = (await page.evaluate(_ASK, f"/api/v2/recordings/{vault.SHORT[:-1]}1"))["recording"]
    [taken] = (each for each in copy["eventHistory"] if each["type"] == "Redacted")
    assert (taken["offset"], taken["duration"]) == ("12000", "2500"), "the other recording began five seconds earlier"
    assert min(after[:7] + after[10:]) > 1_000


async def _levels(page: Page) -> list[float]:
    """How loud each second of the recording is."""
    source = await page.evaluate("document.querySelector('audio').src")
    size = 4 * vault.RATE * vault.SHORT_S
    sound = bytes(await page.evaluate(_FETCH, [source, f"bytes=44-{44 + size - 1}"]))
    frames = np.frombuffer(sound, "<i2").reshape(vault.SHORT_S, -1).astype(float)
    return [float(np.abs(second).max()) for second in frames]


async def _look_at_reports(here: Desk) -> None:
    page = here.page
    await page.get_by_role("button", name="Report of pauses").click()
    await expect(page.get_by_role("dialog")).to_contain_text("redacted · card number before the pause")
    await here.looked_at("console-4-report")
    await page.get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Completeness").click()
    await expect(page.get_by_role("dialog")).to_contain_text("0:00.0 lost of 0:20.0")
    await page.get_by_role("button", name="Close").click()


async def _say_why(here: Desk) -> None:
    """Nothing is heard before it was said what for."""
    page = here.page
    await expect(page.locator(".player")).to_have_count(0)
    await expect(page.get_by_role("link", name="Export", exact=True)).to_have_count(0)
    await page.get_by_label("What do you hear it for?").fill("complaint 17")
    await here.looked_at("console-3-purpose")
    await page.get_by_role("button", name="Go on").click()


async def _take_along(page: Page, folder: Path, system: System) -> None:
    """CMP-6: what is saved proves itself."""
    async with page.expect_download() as saved:
        await page.get_by_role("link", name="Export", exact=True).click()
    package = folder / "export.zip"
    await (await saved.value).save_as(package)
    signer = FileKeyStore(system.data / "keys").public_key().hex()
    done = await asyncio.to_thread(CliRunner().invoke, app, ["verify", str(package), "--signer", signer])
    assert done.exit_code == 0, done.stdout


async def _erase(here: Desk) -> None:
    page = here.page
    await page.get_by_role("button", name="Erase…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("All 0:20 of it in 1 part will be gone.")
    await dialog.get_by_label("Reason").fill("asked for by the customer")
    await dialog.get_by_label("Write erase to go on").fill("no")
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(dialog.get_by_role("alert")).to_be_visible()
    await dialog.get_by_label("Write erase to go on").fill("erase")
    await dialog.get_by_role("button", name="Erase for good").click()
    await expect(page.locator("#erased")).to_contain_text(f"{vault.SHORT} was erased")
    await expect(page.locator("#found .row")).to_have_count(1)
