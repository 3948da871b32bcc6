"""The agent desk when things go wrong: reloads, lost connections, restarts, forgotten pauses, hasty hands, no library."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import pytest
from playwright.async_api import Browser, Route, expect

from telegraphone.demo.desktop import Desktop
from telegraphone.phone import Phone
from tests.interop.desk.stage import Desk, Gateway, check_buttons, chromium, desk, gateway, phones
from tests.interop.system import AGENT, HOST, PASSWORD, System, free_port, healthy, start, stop, telegraphone

SILENCE_MS = 30_000
"""A connect is held for 10 s, 4 s later the library gives it up, and 2 s later the light says so."""


@asynccontextmanager
async def office(folder: Path, server: str = "", more: str = "") -> AsyncIterator[tuple[System, dict[str, Phone], Browser]]:
    """A server, a caller, an agent's phone that answers by itself, and a browser."""
    async with (
        telegraphone(folder, server=server, more=more) as system,
        phones(system, n5000=True, n5001=True) as ring,
        chromium() as browser,
    ):
        yield system, ring, browser


@asynccontextmanager
async def office_afar(folder: Path) -> AsyncIterator[tuple[System, dict[str, Phone], Desk, Gateway]]:
    """The same with a desk whose way to the server can be cut."""
    front = free_port()
    async with (
        office(folder, f'allowed_origins = ["http://{HOST}:{front}"]') as (system, ring, browser),
        gateway(front, system) as network,
        desk(browser, f"http://{HOST}:{front}") as one,
    ):
        yield system, ring, one, network


async def in_a_call(one: Desk, ring: dict[str, Phone]) -> None:
    await one.log_in()
    await one.is_live()
    await ring["5000"].dial("5001")
    await expect(one.call("5000")).to_have_attribute("data-state", "Established")


async def operate(system: System, verb: str) -> None:
    """Somebody else does it: another desktop of the same agent."""
    async with Desktop(system.url, AGENT, PASSWORD) as other:
        [call] = (await other.get("/me/calls?fields=*"))["calls"]
        await other.post(f"/me/calls/{call['id']}", f"{verb}CallRecording")


def seconds(text: str | None) -> int:
    minutes, _, rest = (text or "").partition(":")
    return int(minutes) * 60 + int(rest)


async def test_a_reload_in_the_middle_of_a_pause_loses_nothing(tmp_path: Path) -> None:
    """State, running time, timeline and sign-in are as before; the keyboard resumes at once."""
    async with office(tmp_path) as (system, ring, browser), desk(browser, system.url) as one:
        await in_a_call(one, ring)
        await one.press("5000", "StartCallRecording")
        await one.shows("5000", "Recording")
        await asyncio.sleep(1.5)
        await one.page.keyboard.press("F8")
        await one.shows("5000", "Paused")
        await asyncio.sleep(2.0)
        looked = monotonic()
        before = seconds(await one.light("5000").locator(".clock").text_content())
        await one.page.reload()
        await one.shows("5000", "Paused")
        await one.is_live()
        after = await one.light("5000").locator(".clock").text_content()
        assert 1 <= before <= seconds(after) <= before + 1 + monotonic() - looked, (before, after)
        timeline = one.call("5000").get_by_role("list", name="Timeline of the recording").get_by_role("listitem")
        await expect(timeline).to_have_count(2)
        await expect(timeline.first).to_have_text(re.compile("^Recorded from 0:00 to 0:0[1-9]$"))
        await expect(one.page).to_have_title(re.compile("^❚❚ Paused 0:"))
        await one.looked_at("9-reloaded")
        await one.page.keyboard.press("F8")
        await one.shows("5000", "Recording")
        await expect(timeline).to_have_count(3)
        await ring["5000"].hang_up()
        await expect(one.call("5000")).to_have_attribute("data-state", "Released")


async def test_a_lost_connection_is_owned_up_to_and_made_good(tmp_path: Path) -> None:
    """Without news the light does not claim to know; with them it shows what has happened meanwhile."""
    async with office_afar(tmp_path) as (system, ring, one, network):
        await in_a_call(one, ring)
        await one.press("5000", "StartCallRecording")
        await one.shows("5000", "Recording")
        network.down = True
        network.cut()
        await one.shows("5000", "Unknown")
        await expect(one.light("5000")).to_contain_text("Last heard: Recording")
        await expect(one.page.locator("#link")).to_have_text("No connection, trying again")
        await one.looked_at("10-no-connection")
        await one.press("5000", "PauseCallRecording")
        await expect(one.page.locator("#problems")).to_contain_text("The server cannot be reached.")
        await operate(system, "Pause")
        network.down = False
        await one.is_live()
        await one.shows("5000", "Paused")
        assert network.cuts > 0


async def test_a_network_that_falls_silent_is_noticed(tmp_path: Path) -> None:
    """No connection breaks and nothing comes: the page would wait for ever, if it believed in connections."""
    async with office_afar(tmp_path) as (system, ring, one, network):
        await in_a_call(one, ring)
        await one.press("5000", "StartCallRecording")
        await one.shows("5000", "Recording")
        network.stall()
        await expect(one.light("5000")).to_have_attribute("data-state", "Unknown", timeout=SILENCE_MS)
        await operate(system, "Pause")
        network.go_on()
        await one.shows("5000", "Paused")
        await one.is_live()


async def test_a_connection_cut_for_a_moment_is_not_worth_a_word(tmp_path: Path) -> None:
    """Every connection breaks, again and again; each event comes, and the light never leaves what it knows."""
    async with office_afar(tmp_path) as (system, ring, one, network):
        await in_a_call(one, ring)
        for verb, state in (("Start", "Recording"), ("Pause", "Paused"), ("Resume", "Recording"), ("Stop", "Stopped")):
            network.cut()
            await operate(system, verb)
            await one.shows("5000", state)
        assert network.cuts >= 4
        told = one.call("5000").get_by_role("list", name="Timeline of the recording").get_by_role("listitem")
        await expect(told).to_have_text([re.compile("^Recorded"), re.compile("^Paused"), re.compile("^Recorded")])


async def test_a_restarted_server_asks_to_log_in_again_and_goes_on(tmp_path: Path) -> None:
    async with office(tmp_path) as (system, _, browser), desk(browser, system.url) as one:
        await one.log_in()
        await one.is_live()
        await stop(system)
        await expect(one.page.locator("#link")).to_have_text("No connection, trying again")
        system.process = await start(tmp_path)
        await healthy(system)
        await expect(one.page.get_by_text("Your sign-in has ended.")).to_be_visible()
        await one.page.get_by_label("Password").fill(PASSWORD)
        await one.page.keyboard.press("Enter")
        await one.is_live()


async def test_a_forgotten_pause_is_called_out(tmp_path: Path) -> None:
    soon = "[desk]\npause_warning_s = 4"
    async with office(tmp_path, more=soon) as (system, ring, browser), desk(browser, system.url) as one:
        await in_a_call(one, ring)
        await one.press("5000", "StartCallRecording")
        await one.press("5000", "PauseCallRecording")
        await expect(one.call("5000").locator(".warning")).to_be_hidden()
        await expect(one.call("5000").locator(".warning")).to_contain_text(re.compile("Paused for ([4-9]|..) seconds already."))
        await expect(one.page.locator("#calls-out")).to_have_text(
            re.compile("^Recording has been paused for ([4-9]|..) seconds.$")
        )
        await one.looked_at("11-long-pause")
        await one.press("5000", "ResumeCallRecording")
        await expect(one.call("5000").locator(".warning")).to_be_hidden()


async def test_a_hasty_hand_does_not_lift_the_pause_it_has_just_made(tmp_path: Path) -> None:
    """Resume appears where Pause was: the second half of a double click, or a second Enter, does not press it. A hand is hasty
    for longer here, so that it is on a slow machine too."""
    longer = {"/desk/buttons.js": lambda text: text.replace("SETTLE_MS = 600;", "SETTLE_MS = 4_000;")}
    async with office(tmp_path) as (system, ring, browser), desk(browser, system.url, changed=longer) as one:
        await in_a_call(one, ring)
        await one.press("5000", "StartCallRecording")
        pause, resume = (one.call("5000").locator(f'[data-operation="{verb}CallRecording"]') for verb in ("Pause", "Resume"))
        await expect(pause).to_be_focused()
        await expect(pause).not_to_have_attribute("aria-disabled", "true")
        await one.page.keyboard.press("Enter")
        await expect(resume).to_be_focused()
        await one.page.keyboard.press("Enter")
        await one.page.keyboard.press("F8")
        await asyncio.sleep(1.0)
        await one.shows("5000", "Paused")
        await expect(resume).not_to_have_attribute("aria-disabled", "true")
        await one.page.keyboard.press("Enter")
        await one.shows("5000", "Recording")


async def test_without_the_library_the_desk_asks_again_and_again(tmp_path: Path) -> None:
    none = {"/desk/cometd.js": lambda _: "export const CometD = null; export const AckExtension = null;"}
    async with office(tmp_path) as (system, ring, browser), desk(browser, system.url, changed=none) as one:
        await one.log_in()
        await expect(one.page.locator("#link")).to_have_text("Asking every second")
        await ring["5000"].dial("5001")
        await expect(one.call("5000")).to_have_attribute("data-state", "Established")
        await one.press("5000", "StartCallRecording")
        await one.shows("5000", "Recording")
        await operate(system, "Pause")
        await one.shows("5000", "Paused")
        await ring["5000"].hang_up()
        await expect(one.page.locator("#no-calls")).to_be_visible()


async def test_a_server_that_wants_tokens_gets_them(tmp_path: Path) -> None:
    """And one that shows calls in the shapes of 8.5.2 is understood as well."""
    server = 'csrf_protection = "token"\ncompatibility = "8.5.2"'
    async with office(tmp_path, server) as (system, ring, browser), desk(browser, system.url) as one:
        await in_a_call(one, ring)
        await one.press("5000", "StartCallRecording")
        await one.shows("5000", "Recording")
        await check_buttons(system, one)


async def test_an_operation_the_desk_never_heard_of_can_be_asked_for(tmp_path: Path) -> None:
    """A newer server names it among the capabilities: it gets a button, and a form for whatever it takes."""
    asked = []

    async def newer(route: Route) -> None:
        response = await route.fetch()
        answer = await response.json()
        for call in answer["user"]["calls"]:
            call["capabilities"].append("ZapTheCall")
        await route.fulfill(response=response, json=answer)

    async def zapped(route: Route) -> None:
        asked.append(route.request.post_data_json)
        await route.fulfill(json={"statusCode": 0})

    async with office(tmp_path) as (system, ring, browser), desk(browser, system.url) as one:
        await one.page.route("**/api/v2/me?*", newer)
        await one.page.route("**/api/v2/me/calls/*", zapped)
        await ring["5000"].call("5001")
        await one.log_in()
        await one.is_live()
        await one.call("5000").get_by_role("button", name="Zap the call").click()
        dialog = one.page.get_by_role("dialog", name="Zap the call")
        await dialog.get_by_label("Attributes").fill("[1]")
        await dialog.get_by_role("button", name="Send").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("This must be a JSON object")
        await one.tell("Send", Attributes='{"volts": 9}')
        assert asked == [{"operationName": "ZapTheCall", "volts": 9}]


async def test_wrong_words_and_wrong_places(tmp_path: Path) -> None:
    """A wrong password, a page opened at an address the server does not know, a number nobody has, a phone that is away."""
    async with office(tmp_path) as (system, ring, browser):
        async with desk(browser, system.url) as one:
            await one.log_in("not this one")
            await expect(one.page.get_by_role("alert").get_by_text("User name or password is wrong.")).to_be_visible()
            await one.page.get_by_label("Password").fill(PASSWORD)
            await one.page.keyboard.press("Enter")
            await one.is_live()
            await one.page.locator('[data-state-operation="Offline"]').click()
            await expect(one.page.get_by_role("button", name="Start work")).to_be_visible()
            await ring["5001"].unregister()
            await one.page.get_by_role("button", name="Start work").click()
            await expect(one.page.locator("#problems")).to_contain_text("Device '5001' is not registered.")
        elsewhere = system.url.replace(HOST, "localhost")
        async with desk(browser, elsewhere) as lost:
            await lost.log_in()
            await expect(lost.page.locator("#problems")).to_contain_text(f"Open {system.url} instead.")


@pytest.mark.parametrize("suite", sorted(each.name for each in Path(__file__).parent.glob("*.test.mjs")))
def test_the_modules_of_the_page(suite: str) -> None:
    ran = subprocess.run(["node", "--test", suite], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
