"""People come in by their organisation in Chromium: the link on the page, a provider of OpenID Connect in a process of its own on
another site, the console, and out again."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from playwright.async_api import Page, expect

from tests.interop.desk.stage import chromium, desk
from tests.interop.system import AGENT, AGENTS, HOST, SUPERVISOR, System, free_port, telegraphone

PEOPLE = {"s-7": "new.one", "s-8": "stranger.one"}
PROVIDED = """
[[oidc]]
name = "staff"
display_name = "Example Company"
issuer = "{issuer}"
client_id = "telegraphone"
client_secret = "a secret of both"
roles_claim = "groups"
roles = ["tg-supervisors=supervisor"]
new_users = true
"""


@asynccontextmanager
async def _provider() -> AsyncIterator[str]:
    """The issuer of a provider that knows two people, one of them a supervisor."""
    port = free_port()
    issuer = f"http://localhost:{port}"
    groups = {"s-7": ["tg-supervisors"], "s-8": ["something else"]}
    known = [{"sub": sub, "preferred_username": name, "groups": groups[sub]} for sub, name in PEOPLE.items()]
    claims = [word for each in known for word in ("--user-claims", json.dumps(each))]
    command = (sys.executable, "-m", "oidc_provider_mock", "--host", HOST, "--port", str(port), "--require-nonce", *claims)
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
    try:
        async with httpx.AsyncClient(trust_env=False) as http:
            for _ in range(600):
                assert process.returncode is None
                try:
                    if (await http.get(f"http://{HOST}:{port}/.well-known/openid-configuration")).is_success:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        yield issuer
    finally:
        process.terminate()
        await process.wait()


async def _vouched_for(page: Page, who: str) -> None:
    """To the provider and back."""
    await page.get_by_role("link", name="Log in with Example Company").click()
    await expect(page.get_by_role("heading", name="Authorize Client")).to_be_visible()
    await page.get_by_role("button", name=who).click()


async def test_people_come_in_by_their_organisation_and_go_again(tmp_path: Path) -> None:
    async with (
        _provider() as issuer,
        telegraphone(tmp_path, accounts=AGENTS + PROVIDED.format(issuer=issuer)) as system,
        chromium() as browser,
    ):
        async with desk(browser, system.url, SUPERVISOR, page="/recordings") as here:
            page = here.page
            await page.route("https://**", lambda route: route.abort())  # the provider's page wants a style from elsewhere
            await _vouched_for(page, "s-8")
            await expect(page.locator("#sign-in-why")).to_contain_text("you may not come in here")
            await _vouched_for(page, "s-7")
            await expect(page.locator("#who-name")).to_have_text("new.one")
            assert page.url == f"{system.url}/recordings"
            await expect(page.locator("#found-count")).to_have_text("0")
            await _leave(system, page)
        async with desk(browser, system.url, AGENT, page="/recordings") as here:
            await here.log_in()
            await expect(here.page.locator("#sign-in-why")).to_have_text("You may not search for recordings.")


async def _leave(system: System, page: Page) -> None:
    """After the log-out the cookie that was there opens nothing any more."""
    cookies = {each["name"]: each for each in await page.context.cookies(system.url)}
    [cookie] = (each for name, each in cookies.items() if "SESSION" in name)
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    async with httpx.AsyncClient(base_url=system.url, cookies={cookie["name"]: cookie["value"]}, trust_env=False) as stolen:
        assert (await stolen.get("/api/v2/recordings?userName=*")).status_code == 200
        await page.get_by_role("button", name="Log out").click()
        await expect(page.get_by_label("User name")).to_be_visible()
        assert (await stolen.get("/api/v2/recordings?userName=*")).status_code == 403
    await page.reload()
    await expect(page.get_by_role("link", name="Log in with Example Company")).to_be_visible()
    await expect(page.locator("#console")).to_be_hidden()
