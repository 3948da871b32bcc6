"""A browser with the agent desk in it, and telephones of our own beside it: what a test of the desk does and looks at.

Pictures of what was looked at, and of the page at which a test failed, are kept in the folder `pictures`, which git ignores; a CI
keeps it as an artefact (`.ci/artefacts`).
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, Error, Locator, Page, async_playwright, expect

from telegraphone.phone import Phone, PhoneOptions
from tests.interop.asterisk.server import Asterisk
from tests.interop.cometd.network import BadNetwork
from tests.interop.system import AGENT, HOST, PASSWORD, System

PICTURES = Path(__file__).parent / "pictures"
AXE = Path(__file__).parents[1] / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)
SERIOUS = {"serious", "critical"}
# What Chromium itself says of a server that is away, and of a client that writes in the moment in which it goes.
_OF_NETWORK = ("Failed to load resource", "WebSocket connection", "WebSocket is already in CLOSING")

# Measured once on the page that it looks at; the page's own rules forbid it to load anything.
_FAULTS = """async () => (await axe.run()).violations.map(({id, impact, nodes}) =>
  ({id, impact, places: nodes.map(({html}) => html.slice(0, 160))}))"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium with an empty user data directory."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(slots=True)
class Desk:
    """One tab with the desk of one user; `complaints` is what the browser found wrong with the page."""

    page: Page
    user: str
    complaints: list[str] = field(default_factory=list)

    async def log_in(self, password: str = PASSWORD) -> None:
        """With the keyboard alone, from the form that has the focus."""
        await expect(self.page.get_by_label("User name")).to_be_focused()
        await self.page.keyboard.type(self.user)
        await self.page.keyboard.press("Tab")
        await self.page.keyboard.type(password)
        await self.page.keyboard.press("Enter")

    async def is_live(self) -> None:
        await expect(self.page.locator("#link")).to_have_text("Live")

    def call(self, other: str) -> Locator:
        """The card of the call with this number."""
        return self.page.get_by_role("article", name=other, exact=True)

    def light(self, other: str) -> Locator:
        return self.call(other).locator(".light")

    async def shows(self, other: str, state: str) -> None:
        """The recording light of the call with this number says this, in word and in shape."""
        words = {"Unknown": "Not known"}
        await expect(self.light(other)).to_have_attribute("data-state", state)
        await expect(self.light(other).locator(".word")).to_have_text(words.get(state, state))
        await expect(self.light(other).locator(f".when-{state}")).to_be_visible()
        await expect(self.light(other).locator(".lamp > g:visible")).to_have_count(1)

    async def press(self, other: str, operation: str) -> None:
        await self.call(other).locator(f'[data-operation="{operation}"]').click()

    async def tell(self, submit: str, **fields: str) -> None:
        """Fills the open dialog, and sends it."""
        dialog = self.page.get_by_role("dialog")
        for label, value in fields.items():
            control = dialog.get_by_label(label)
            if await control.evaluate("each => each.tagName") == "SELECT":
                await control.select_option(value)
            else:
                await control.fill(value)
        await dialog.get_by_role("button", name=submit).click()
        await expect(dialog).to_be_hidden()

    async def set_state(self, operation: str) -> None:
        button = self.page.locator(f'[data-state-operation="{operation}"]')
        await button.click()
        await expect(button).to_have_attribute("aria-pressed", "true")

    async def buttons(self) -> dict[str, list[str]]:
        """The operations that each call's card offers, by `callUuid`."""
        script = """cards => Object.fromEntries(cards.map(card => [card.dataset.call,
            [...card.querySelectorAll("[data-operation]")].map(({dataset}) => dataset.operation).sort()]))"""
        found: dict[str, list[str]] = await self.page.locator("article:not([data-state=Released])").evaluate_all(script)
        return found

    async def looked_at(self, name: str) -> None:
        """Takes a picture, and has axe-core look for what keeps people out: by day, by night and in a narrow panel."""
        PICTURES.mkdir(exist_ok=True)
        for scheme, width, height in (("light", 1024, 768), ("dark", 1024, 768), ("light", 360, 800)):
            await self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type] # one of both
            await self.page.set_viewport_size({"width": width, "height": height})
            heard = len(self.complaints)
            await self.page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=width < 1024)
            assert await self.page.evaluate("document.documentElement.scrollWidth") <= width, f"{name}: wider than {width}"
            await self.page.evaluate(AXE.read_text())
            faults: list[dict[str, Any]] = await self.page.evaluate(_FAULTS)
            # Whoever looks into a shadow tree, for a picture or for faults, puts styles there that the page's rules refuse.
            self.complaints[heard:] = [each for each in self.complaints[heard:] if not each.startswith("Applying inline style")]
            serious = [fault for fault in faults if fault["impact"] in SERIOUS]
            assert not serious, f"{name} {scheme} {width}: {json.dumps(serious, indent=1)}"
        await self.page.set_viewport_size({"width": 1024, "height": 768})
        await self.page.emulate_media(color_scheme="light")


@asynccontextmanager
async def desk(
    browser: Browser, url: str, user: str = AGENT, *, page: str = "", changed: dict[str, Any] | None = None
) -> AsyncIterator[Desk]:
    """A desk, or another `page`, in a browser profile of its own. `changed` are functions on the text of files, by URL path.
    Whatever the browser complains of fails the test, except that the first question, who I am, is answered with 403."""
    context = await browser.new_context(viewport={"width": 1024, "height": 768})
    context.set_default_timeout(PATIENCE_MS)
    tab = await context.new_page()
    here = Desk(tab, user)
    tab.on("pageerror", lambda error: here.complaints.append(str(error)))
    tab.on("console", lambda said: here.complaints.append(said.text) if said.type in {"error", "warning"} else None)
    for path, change in (changed or {}).items():
        await tab.route(f"{url}{path}", _changing(change))
    await tab.goto(f"{url}{page}")
    try:
        yield here
    except Exception:
        await _show_where(tab)
        raise
    finally:
        await context.close()
    unexpected = [each for each in here.complaints if not each.startswith(_OF_NETWORK)]
    assert unexpected == [], unexpected


async def _show_where(page: Page) -> None:
    """A picture of the page at which the test fails, by the name of the test."""
    test = os.environ["PYTEST_CURRENT_TEST"].partition(" ")[0].rpartition("::")[2]
    PICTURES.mkdir(exist_ok=True)
    with suppress(Error):  # a page that is gone has no picture
        await page.screenshot(path=PICTURES / f"failed-{re.sub('[^a-z0-9]+', '-', test)}.png", full_page=True)


def _changing(change: Callable[[str], str]) -> Any:
    async def handle(route: Any) -> None:
        response = await route.fetch()
        await route.fulfill(response=response, body=change(await response.text()))

    return handle


@asynccontextmanager
async def phones(where: System | Asterisk, **answers: bool) -> AsyncIterator[dict[str, Phone]]:
    """Phones of our own by number that can be called, given as `n5000=True` for one that lifts its handset by itself."""
    async with AsyncExitStack() as stack:
        found = {}
        for name, by_itself in answers.items():
            number = name.removeprefix("n")
            options = PhoneOptions(answers_after_s=0.2 if by_itself else None, answers_when_told=isinstance(where, Asterisk))
            phone = Phone(number, number, number * 3, (HOST, where.sip_port), HOST, options=options)
            stack.push_async_callback(phone.close)
            await phone.register()
            if isinstance(where, Asterisk):
                await where.reaches(number)
            found[number] = phone
        yield found


class Gateway(BadNetwork):
    """The way from the browser to the server; while it is `down`, nobody gets through."""

    def __init__(self, target: int) -> None:
        super().__init__(target)
        self.down = False

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.down:
            writer.transport.abort()
        else:
            await super().relay(reader, writer)


@asynccontextmanager
async def gateway(port: int, system: System) -> AsyncIterator[Gateway]:
    """A way to the system over this port."""
    network = Gateway(system.http_port)
    server = await asyncio.start_server(network.relay, HOST, port)
    try:
        yield network
    finally:
        server.close()
        network.cut()


async def capabilities(system: System, user: str) -> dict[str, list[str]]:
    """The same from the server's own list."""
    async with httpx.AsyncClient(base_url=system.url, auth=(user, PASSWORD), trust_env=False) as http:
        calls = (await http.get("/api/v2/me/calls?fields=*")).json()["calls"]
    return {call["callUuid"]: sorted(call["capabilities"]) for call in calls}


async def check_buttons(system: System, *desks: Desk) -> None:
    """Each card has exactly the buttons that its call's capabilities name, as soon as the last event has come."""
    for each in desks:
        offered: Any = None
        for _ in range(PATIENCE_MS // 100):
            offered, shown = await capabilities(system, each.user), await each.buttons()
            if offered == shown:
                break
            await each.page.wait_for_timeout(100)
        assert shown == offered, json.dumps([each.user, shown, offered], indent=1)
