"""The agent desk in Chromium, on a server with an exchange or an Asterisk, and phones that ring: what agents do all day."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from telegraphone.demo.desktop import Desktop
from tests.interop.asterisk.server import Asterisk, asterisk
from tests.interop.desk.stage import Desk, check_buttons, chromium, desk, phones
from tests.interop.office import asterisk_table, nothing_is_left
from tests.interop.system import AGENT, OTHER_AGENT, PASSWORD, System, telegraphone

NUMBERS = ("5000", "5001", "5002", "5003")


@asynccontextmanager
async def switched(folder: Path, at: str) -> AsyncIterator[tuple[System, System | Asterisk]]:
    """A server, and where its phones register."""
    if at == "exchange":
        async with telegraphone(folder, numbers=NUMBERS) as system:
            yield system, system
        return
    async with asterisk(folder / "asterisk", agents=NUMBERS[1:], customers=NUMBERS[:1]) as server:
        async with telegraphone(folder, numbers=(), more=asterisk_table(server)) as system:
            yield system, server
        await nothing_is_left(server)


@pytest.mark.parametrize("at", ["exchange", "asterisk"])
async def test_a_working_day(tmp_path: Path, at: str) -> None:
    """Two agents in two browsers: log in, take a call, record it and pause, ask a colleague, transfer, confer, log out."""
    async with (
        switched(tmp_path, at) as (system, where),
        phones(where, n5000=True, n5001=False, n5002=False, n5003=True) as ring,
        chromium() as browser,
        desk(browser, system.url, AGENT) as one,
        desk(browser, system.url, OTHER_AGENT) as two,
    ):
        await one.looked_at("1-log-in")
        for each in (one, two):
            await each.log_in()
            await each.is_live()
            await each.set_state("Ready")
        await one.looked_at("2-ready")

        await ring["5000"].dial("5001")
        await expect(one.call("5000")).to_have_attribute("data-state", "Ringing")
        await check_buttons(system, one)
        await one.looked_at("3-ringing")
        await one.press("5000", "Answer")
        await expect(one.call("5000")).to_have_attribute("data-state", "Established")
        await one.shows("5000", "Stopped")
        await check_buttons(system, one)
        await record_and_pause(one, system)
        await write_user_data(one, system)
        await hold_and_keys(one, system)
        await consult_and_transfer(one, two, system)
        await confer(two, system)
        for each in (one, two):
            await each.page.get_by_role("button", name="Log out").click()
            await expect(each.page.get_by_role("heading", name="Telegraphone")).to_be_visible()
            await expect(each.page.locator("#desk")).to_be_hidden()
            assert await each.page.evaluate("localStorage.length") == 0
            assert await each.page.context.cookies() == []


async def record_and_pause(one: Desk, system: System) -> None:
    await one.press("5000", "StartCallRecording")
    await one.shows("5000", "Recording")
    await expect(one.page.locator("#calls-out")).to_have_text("Recording is on.")
    await check_buttons(system, one)
    await one.looked_at("4-recording")
    await one.press("5000", "PauseCallRecording")
    await one.shows("5000", "Paused")
    await expect(one.page.locator("#calls-out")).to_contain_text("Nothing is kept until you resume.")
    await check_buttons(system, one)
    await expect(one.light("5000").locator(".clock")).to_have_text(re.compile("0:(0[2-9]|[1-5].)"))
    await one.looked_at("5-paused")


async def write_user_data(one: Desk, system: System) -> None:
    """Markup stays text, whoever wrote it; nested values stay nested."""
    evil = "<img src=x onerror=alert(1)>"
    async with Desktop(system.url, AGENT, PASSWORD) as other:
        [call] = (await other.get("/me/calls?fields=*"))["calls"]
        await other.post(f"/me/calls/{call['id']}", "AttachUserData", userData={evil: {"nested": [1, evil]}})
        card = one.call("5000")
        await card.get_by_text("User data").click()
        await expect(card.get_by_role("rowheader", name=evil)).to_be_visible()
        await one.press("5000", "AttachUserData")
        await one.looked_at("6-dialog")
        await one.tell("Add", Name="Order", Value='{"number": 7}')
        await expect(card.get_by_role("rowheader", name="Order")).to_be_visible()
        await one.press("5000", "UpdateUserData")
        await one.tell("Save", Entry="Order", Value="none")
        await expect(card.get_by_role("row", name="Order")).to_contain_text("none")
        await one.press("5000", "DeleteUserDataPair")
        await one.tell("Delete", Entry=evil)
        await expect(card.get_by_role("rowheader", name=evil)).to_have_count(0)
        [call] = (await other.get("/me/calls?fields=*"))["calls"]
        assert call["userData"]["Order"] == "none"


async def hold_and_keys(one: Desk, system: System) -> None:
    """Nothing that is done to the call lifts the pause."""
    await one.press("5000", "Hold")
    await expect(one.call("5000")).to_have_attribute("data-state", "Held")
    await expect(one.call("5000").locator('[data-operation="Retrieve"]')).to_be_focused()
    await check_buttons(system, one)
    await one.press("5000", "Retrieve")
    await expect(one.call("5000")).to_have_attribute("data-state", "Established")
    await one.press("5000", "MuteCall")
    await expect(one.call("5000").locator(".line")).to_contain_text("you are muted")
    await one.press("5000", "UnmuteCall")
    await one.press("5000", "SendDtmf")
    await one.page.get_by_role("dialog").get_by_role("button", name="hash").click()
    await one.tell("Send")
    await one.shows("5000", "Paused")


async def consult_and_transfer(one: Desk, two: Desk, system: System) -> None:
    """A colleague is shown by name."""
    await one.press("5000", "InitiateTransfer")
    await one.tell("Call them first", **{"Number or name": "5002"})
    await expect(one.call("5000")).to_have_attribute("data-state", "Held")
    await two.press(AGENT, "Answer")
    await expect(one.call(OTHER_AGENT)).to_have_attribute("data-state", "Established")
    await check_buttons(system, one, two)
    await one.looked_at("7-consulting")
    await one.press(OTHER_AGENT, "SwapCalls")
    await expect(one.call("5000")).to_have_attribute("data-state", "Established")
    await expect(one.call(OTHER_AGENT)).to_have_attribute("data-state", "Held")
    await check_buttons(system, one, two)
    await one.press(OTHER_AGENT, "CompleteTransfer")
    await expect(two.call("5000")).to_have_attribute("data-state", "Established")
    left = one.page.get_by_role("article").filter(has=one.page.get_by_role("heading", name="5000"))
    await expect(left).to_have_attribute("data-state", "Released")
    await expect(left.locator(".light")).to_have_attribute("data-state", "Stopped")
    await check_buttons(system, one, two)


async def confer(two: Desk, system: System) -> None:
    await two.press("5000", "SingleStepConference")
    await two.tell("Add", **{"Number or name": "5003"})
    await expect(two.call("5000, 5003")).to_have_attribute("data-state", "Established")
    await check_buttons(system, two)
    await two.looked_at("8-conference")
    await two.press("5000, 5003", "RemoveParticipantFromConference")
    await two.tell("Remove", Participant="5003")
    await expect(two.call("5000")).to_have_count(1)
    await two.press("5000", "Hangup")
    await expect(two.call("5000")).to_have_attribute("data-state", "Released")
