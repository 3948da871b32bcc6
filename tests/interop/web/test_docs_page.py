"""The page that shows the API's description, in a browser: who may not read it is asked to sign in, and then everything is
there, to be read by people who use a keyboard or a screen reader too."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.interop.desk.stage import AXE, chromium
from tests.interop.system import AGENT, PASSWORD, telegraphone

SERIOUS = {"serious", "critical"}


async def _faults(page: Page) -> list[str]:
    """What axe-core finds that keeps people out."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("async () => (await axe.run()).violations.map(({id, impact}) => [id, impact])")
    return [name for name, impact in found if impact in SERIOUS]


async def test_the_page_shows_the_whole_description(tmp_path: Path) -> None:
    complaints: list[str] = []
    async with telegraphone(tmp_path) as system, chromium() as browser:
        page = await browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
        await page.goto(f"{system.url}/api/v2/docs")
        await expect(page.get_by_label("User name")).to_be_focused()
        assert await _faults(page) == []
        await page.keyboard.type(AGENT)
        await page.keyboard.press("Tab")
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_have_text("That was not right.")
        await page.get_by_label("User name").fill(AGENT)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#getMe")).to_be_visible()
        description = await page.evaluate("async () => (await fetch('/api/v2/openapi.json')).json()")
        described = (what for methods in description["paths"].values() for what in methods.values())
        operations = {what["operationId"] for what in described if "tags" in what}
        shown = await page.locator("main details:not([id^=schema-])").evaluate_all("all => all.map(({id}) => id)")
        assert set(shown) == operations
        await page.locator("#getMeCallsId summary").click()
        await page.locator("#getMeCallsId").get_by_role("link", name="Call", exact=True).click()
        await expect(page.locator("#schema-Call")).to_contain_text("recordingState")
        assert await _faults(page) == []
        await page.reload()
        await expect(page.locator("#schema-Call")).to_be_visible()
    assert complaints == []
