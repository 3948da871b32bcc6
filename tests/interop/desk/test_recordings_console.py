"""The recordings console in Chromium: found while typing, an hour drawn and heard at any second, and who listened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
from playwright.async_api import Page, expect

from tests.interop import spoken
from tests.interop.desk import vault
from tests.interop.desk.stage import Desk, chromium, desk
from tests.interop.system import AGENT, SUPERVISOR, System, telegraphone


@asynccontextmanager
async def _console(system: System, user: str = SUPERVISOR) -> AsyncIterator[Desk]:
    async with chromium() as browser, desk(browser, f"{system.url}/recordings", user) as here:
        await here.log_in()
        yield here


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
    spans = page.get_by_role("list", name="Stretches without audio").get_by_role("listitem")
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
    await expect(page.locator(".time")).to_have_text("25:01 / 1:00:00")
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


async def test_an_agent_is_told_that_this_page_is_not_for_agents(tmp_path: Path) -> None:
    async with telegraphone(tmp_path) as system, _console(system, AGENT) as here:
        await expect(here.page.locator("#sign-in-why")).to_have_text("You may not search for recordings.")
