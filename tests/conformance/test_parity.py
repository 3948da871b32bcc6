"""The reference of the API, what is served, and what is tried agree: every operation, key, text and channel of the page
appears in a test, and every key that is sent is on the page."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from telegraphone.web.gws.errors import TABLE
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.agent_rules import start
from tests.conformance.desk import Desk
from tests.conformance.in_process import InProcess, in_process
from tests.conformance.monitoring_rules import listens
from tests.conformance.stage import ONE, SUPERVISOR, TWO, Json

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "reference" / "gws-api.md").read_text()
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
FREE = {"userData", "metrics", "extensions"}
"""What is in these is the caller's, or the switch's."""


def words() -> set[str]:
    """What the page sets in code where it speaks of desktops; recordings have tests of their own words."""
    before, _, rest = PAGE.partition("## Recordings\n")
    return set(re.findall(r"`([^`\n]+)`", before + rest.partition("## Notifications\n")[2]))


def tried() -> str:
    """The text of all tests but this one."""
    return "\n".join(path.read_text() for path in sorted(TESTS.rglob("*.py")) if path != Path(__file__))


def test_every_word_of_the_page_is_in_a_test() -> None:
    text = tried()
    sought = {word for word in words() if word.endswith(".") or re.fullmatch(r"[A-Za-z-][\w-]+", word)}
    assert len(sought) > 150
    assert sorted(word for word in sought if _core(word) not in text) == []


def test_every_channel_is_in_a_test() -> None:
    text = tried()
    channels = {word for word in words() if word.startswith(("/v2/", "/notifications/"))}
    assert len(channels) >= 4
    assert [channel for channel in channels if channel not in text] == []


def _core(word: str) -> str:
    """The word as a test would write it: without quotation marks around it; of a text with something left out, the longest
    piece."""
    return max(re.split("…", word.strip('"')), key=len).strip("'[")


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from () if key in FREE else keys(inner)
    elif isinstance(value, list):
        for each in value:
            yield from keys(each)


async def _sent(stage: InProcess) -> set[str]:
    """Every key of every resource and event, in situations that have them all."""
    await start(stage)
    await desk.consulting(stage)
    await Desk(stage).do("StartCallRecording", await Desk(stage).call("Consult"))
    await Desk(stage).operate_device("ForwardCallsOn", destination="5005")
    paths = ("/me?subresources=*", "/contacts?fields=*", "/services?fields=*", "/settings/agent-states")
    found: list[Json] = [(await Desk(stage).get(path)).body for path in paths]
    await Desk(stage).operate_device("ForwardCallsOff")
    await stage.clear()
    await listens(stage)
    found += [(await Desk(stage, user).get("/me?subresources=*")).body for user in (ONE, SUPERVISOR)]
    stage.world.recorder.fails = {"reserve"}
    found.append((await Desk(stage).operate("StartCallRecording", await Desk(stage).call())).body)
    found += [message for user in (ONE, TWO, SUPERVISOR) for message in stage.told(user)]
    return set(keys(found))


@pytest.mark.parametrize("mode", list(Compatibility), ids=lambda mode: mode.value)
async def test_every_key_that_is_sent_is_on_the_page(mode: Compatibility) -> None:
    async with in_process(mode) as stage:
        sent = await _sent(stage)
    assert {"parentCallUri", "supervisorMonitoringState", "forwardTo"} <= sent or mode is Compatibility.V8_5_1
    assert sorted(key for key in sent if f"`{key}`" not in PAGE) == []


def test_every_text_of_a_refusal_is_on_the_page() -> None:
    """As its class words it, with three dots in place of what differs."""
    for kind in TABLE:
        given = {name: NOON if name == "until" else "…" for name in getattr(kind, "__dataclass_fields__", {})}
        text = str(kind(**given)).replace(NOON.isoformat(), "…")
        assert f"`{text}`" in PAGE, text
