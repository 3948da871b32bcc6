"""Four eyes for keys, in Chromium: asked for on the page by one administrator, approved by another, done on the machine."""

from pathlib import Path

import httpx
from playwright.async_api import expect

from tests.interop.desk.stage import chromium, desk
from tests.interop.system import ADMIN, AGENTS, HASH, PASSWORD, telegraphone

OTHER = "admin.two"
CAREFUL = f'''
[[agents]]
user_name = "{OTHER}"
password_hash = "{HASH}"
roles = ["admin"]
[[access]]
four_eyes = ["keys"]
'''


async def test_an_administrator_asks_for_a_new_key_and_is_told_the_command_when_another_has_approved_it(tmp_path: Path) -> None:
    async with (
        telegraphone(tmp_path, accounts=AGENTS + CAREFUL) as system,
        chromium() as browser,
        desk(browser, system.url, ADMIN, page="/recordings") as here,
    ):
        await here.log_in()
        page = here.page
        # Everything that the page asks for at its beginning has been answered: nothing is under way when it is closed.
        await expect(page.get_by_text("Choose a recording to hear it.")).to_be_visible()
        await page.get_by_role("button", name="Ask for a new wrapping key…").click()
        await page.get_by_role("button", name="Ask for it").click()
        waiting = page.locator("#approvals li")
        await expect(waiting).to_contain_text(f"{ADMIN}, ")
        await here.looked_at("console-6-keys")
        async with httpx.AsyncClient(base_url=system.url, auth=(OTHER, PASSWORD), trust_env=False) as other:
            [wish] = (await other.get("/api/v2/approvals")).json()["approvals"]
            assert wish["action"] == "rotate key"
            done = await other.post(f"/api/v2/approvals/{wish['id']}", json={"operationName": "approve"})
            assert done.status_code == 200
        await page.reload()
        command = f"telegraphone key rotate --approval {wish['id']} does it now"
        await expect(waiting).to_contain_text(f"{OTHER} has approved it: {command}")
        await expect(page.get_by_text("Choose a recording to hear it.")).to_be_visible()
