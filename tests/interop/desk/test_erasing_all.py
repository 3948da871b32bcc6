"""A customer wants to be forgotten: in Chromium all recordings of one number are erased, but for what is held."""

import asyncio
from datetime import timedelta
from pathlib import Path

import httpx
from playwright.async_api import expect

from tests.interop.desk import vault
from tests.interop.desk.stage import chromium, desk
from tests.interop.system import AGENTS, HASH, PASSWORD, telegraphone

OFFICER = "compliance.one"
ACCOUNTS = f'{AGENTS}\n[[agents]]\nuser_name = "{OFFICER}"\npassword_hash = "{HASH}"\nroles = ["compliance"]\n'


async def test_all_recordings_of_a_number_are_erased_and_what_is_held_stays(tmp_path: Path) -> None:
    async with (
        telegraphone(tmp_path, accounts=ACCOUNTS) as system,
        httpx.AsyncClient(base_url=system.url, auth=(OFFICER, PASSWORD), trust_env=False) as http,
    ):
        began = vault.now() - timedelta(hours=1)
        parts = [await asyncio.to_thread(vault.short_recording, system.data, began, number) for number in range(4)]
        other = parts.pop()
        await vault.put(system.data, [*parts, vault.part(other.call_uuid, other.recording_id, began, 20, (), ani="5550177")])
        urls = [f"/api/v2/recordings/{part.call_uuid}" for part in parts]
        held = await http.post(urls[0], json={"operationName": "placeHold", "matter": "case 9"})
        assert held.status_code == 200
        async with chromium() as browser, desk(browser, system.url, OFFICER, page="/recordings") as here:
            await here.log_in()
            page = here.page
            await expect(page.locator("#found .row")).to_have_count(4)
            await page.get_by_label("Search", exact=True).fill("5550100")
            await expect(page.locator("#found .row")).to_have_count(3)
            await page.get_by_role("button", name="Erase all…").click()
            dialog = page.get_by_role("dialog")
            await expect(dialog).to_contain_text("2 recordings will be gone")
            await expect(dialog).to_contain_text("1 more is protected or held, and stays.")
            await here.looked_at("console-7-erasing-all")
            await dialog.get_by_label("Reason").fill("wants to be forgotten")
            await dialog.get_by_label("Write how many").fill("3")
            await dialog.get_by_role("button", name="Erase all for good").click()
            await expect(dialog).to_contain_text("Write 2, if that is what you want.")
            assert [(await http.get(url)).status_code for url in urls] == [200, 200, 200]
            await dialog.get_by_label("Write how many").fill("2")
            await dialog.get_by_role("button", name="Erase all for good").click()
            await expect(dialog).to_be_hidden()
            await expect(page.locator("#found .row")).to_have_count(1)
            await expect(page.locator("#says")).to_have_text("2 of 2 recordings were erased.")
        assert [(await http.get(url)).status_code for url in urls] == [200, 404, 404]
        assert (await http.get(f"/api/v2/recordings/{other.call_uuid}")).status_code == 200, "another customer's"
        for url in urls[1:]:
            assert "wants to be forgotten" in (await http.get(f"{url}/tombstone")).text


async def test_what_is_refused_meanwhile_is_told_and_tried_again(tmp_path: Path) -> None:
    async with (
        telegraphone(tmp_path, accounts=ACCOUNTS) as system,
        httpx.AsyncClient(base_url=system.url, auth=(OFFICER, PASSWORD), trust_env=False) as http,
    ):
        began = vault.now() - timedelta(hours=1)
        parts = [await asyncio.to_thread(vault.short_recording, system.data, began, number) for number in range(2)]
        await vault.put(system.data, parts)
        url = f"/api/v2/recordings/{parts[0].call_uuid}"
        async with chromium() as browser, desk(browser, system.url, OFFICER, page="/recordings") as here:
            await here.log_in()
            page = here.page
            await expect(page.locator("#found .row")).to_have_count(2)
            await page.get_by_role("button", name="Erase all…").click()
            dialog = page.get_by_role("dialog")
            await dialog.get_by_label("Reason").fill("wants to be forgotten")
            await dialog.get_by_label("Write how many").fill("2")
            assert (await http.post(url, json={"operationName": "applyNonDelete"})).status_code == 200
            await dialog.get_by_role("button", name="Erase all for good").click()
            await expect(dialog.get_by_role("alert")).to_contain_text("1 of 2 recordings were erased. Recording [")
            assert (await http.get(url)).status_code == 200
            assert (await http.post(url, json={"operationName": "removeNonDelete"})).status_code == 200
            await dialog.get_by_role("button", name="Erase all for good").click()
            await expect(dialog).to_be_hidden()
            await expect(page.locator("#found-none")).to_be_visible()
        assert (await http.get(url)).status_code == 404
