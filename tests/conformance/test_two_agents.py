"""Two agents at work, whatever they do: random operations, repeated ones, ones that cross each other, and phones that have a
mind of their own. After each step:

* what is listed as a capability is accepted and tells of itself, and nothing else is accepted but the harmless repeats the
  document names;
* what each agent was told last of a call is what the call shows, each change was told once, and nothing after Released;
* operations that were under way at once had the outcome of some order of them, one after the other.
"""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from telegraphone.domain.operations import MONITORING, Operation
from telegraphone.web.settings import Compatibility
from tests.conformance import desk
from tests.conformance.capability_rules import ONLY_IN_8_5_2, ORDER
from tests.conformance.desk import Desk, to
from tests.conformance.in_process import InProcess, in_process
from tests.conformance.recording_rules import GRID
from tests.conformance.recording_rules import STATES as COLUMNS
from tests.conformance.stage import COLLEAGUE, CUSTOMER, DN, ONE, TWO, Json
from tests.scenario.clock import settle

AGENTS: Final = (ONE, TWO)
OPERATIONS: Final = sorted(each.value for each in Operation if each not in MONITORING)
RECORDING: Final = sorted(GRID)
KEYS: Final = ("a", "b")
BRING_IN: Final = {"SingleStepTransfer", "SingleStepConference", "InitiateTransfer", "InitiateConference"}
SILENT_AT_FIRST: Final = {"SingleStepConference", "Answer"}
"""They tell when the other phone answers, or one's own."""
TURNS_MAX: Final = 60
SITUATIONS: Final = (desk.ringing, desk.talking, desk.agents_talk, desk.recording, desk.paused, desk.consulting, desk.conference)

users = st.sampled_from(AGENTS)
numbers = st.sampled_from((CUSTOMER, *(DN[user] for user in AGENTS), COLLEAGUE))


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation and how it was answered."""

    body: Json
    pair: tuple[int, int]


class Work(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()

    @initialize(mode=st.sampled_from(Compatibility), situation=st.sampled_from(SITUATIONS))
    def begin(self, mode: Compatibility, situation: desk.Situation) -> None:
        self._context = in_process(mode)
        self.stage: InProcess = self._run(self._context.__aenter__())
        self._run(situation(self.stage))

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(work)

    def teardown(self) -> None:
        if hasattr(self, "_context"):
            self._run(self._context.__aexit__(None, None, None))
        self._runner.close()

    # --- phones ---

    @rule(number=numbers, other=numbers)
    def phone_calls(self, number: str, other: str) -> None:
        if number != other and self._leg(number) is None:
            self._run(self.stage.handset(number).call(other))

    @rule(number=numbers, verb=st.sampled_from(("answer", "answer", "hold", "retrieve", "hang_up")))
    def phone_does(self, number: str, verb: str) -> None:
        if self._leg(number) is not None:
            self._run(getattr(self.stage.handset(number), verb)())

    def _leg(self, number: str) -> str | None:
        return self.stage.world.switch.phone(number).leg

    # --- desktops ---

    @rule(user=users, other=numbers)
    def dials(self, user: str, other: str) -> None:
        if other != DN[user] and self._leg(DN[user]) is None:
            self._run(Desk(self.stage, user).dial(other))

    @rule(user=users, working=st.booleans())
    def comes_and_goes(self, user: str, working: bool) -> None:
        """What becomes of an agent's session concerns no call."""
        name = "StartContactCenterSession" if working else "EndContactCenterSession"
        before = self._calls(user)
        answer = self._run(Desk(self.stage, user).post("/me", {"operationName": name, "channels": ["voice"]}))
        assert answer.pair == (200, 0)
        assert self._calls(user) == before

    @rule(user=users, data=st.data(), again=st.booleans())
    def operates(self, user: str, data: st.DataObject, again: bool) -> None:
        """Something that is accepted; and repeats it, as who has lost the answer does."""
        call = self._some_call(user, data)
        if call is None:
            return
        operation = data.draw(st.sampled_from(sorted(self._accepted(call))))
        for _ in range(1 + again):
            calls = self._calls(user)
            now = next((each for each in calls if each["id"] == call["id"]), None)
            body = self._body(operation, now, user) if now is not None else None
            if now is None or body is None:
                return
            told = len(self.stage.told(user))
            answer = self._run(Desk(self.stage, user).post(f"/me/calls/{call['id']}", body))
            assert answer.pair == ((200, 0) if operation in self._accepted(now) else (400, 2)), (operation, now, answer)
            if operation in now["capabilities"] and operation not in SILENT_AT_FIRST:
                assert len(self.stage.told(user)) > told, f"{operation} is offered, and does nothing"

    @rule(user=users)
    def asks_for_all_else(self, user: str) -> None:
        """What is not accepted is refused for the state alone, and changes nothing."""
        self._run(self._all_else(user))

    async def _all_else(self, user: str) -> None:
        here = Desk(self.stage, user)
        before = await here.calls()
        for call in before:
            for operation in sorted(set(OPERATIONS) - self._accepted(call)):
                body = self._body(operation, call, user, before)
                if body is None:
                    continue
                answer = await self.stage.ask(user, "POST", f"/api/v2/me/calls/{call['id']}", body)
                assert answer.pair == (400, 2), (operation, call, answer)
                assert answer.text.startswith(f"Operation '{operation}' is not valid in the current state: "), answer
        await settle()
        assert await here.calls() == before

    @rule(data=st.data(), first=users, second=users)
    def operate_at_once(self, data: st.DataObject, first: str, second: str) -> None:
        """Two to four operations on one call, the later ones begun while the earlier ones may be under way."""
        call = self._some_call(first, data)
        if call is None or call["state"] not in {"Established", "Held"}:
            return
        people = [first]
        if any(each["callUuid"] == call["callUuid"] and each["state"] in {"Established", "Held"} for each in self._calls(second)):
            people.append(second)
        bodies = [self._crossing(data) | {"who": data.draw(st.sampled_from(people))} for _ in range(data.draw(st.integers(2, 4)))]
        turns = data.draw(st.lists(st.integers(0, TURNS_MAX), min_size=len(bodies), max_size=len(bodies)))
        self.stage.forget()
        asked = self._run(self._at_once(call, bodies, turns))
        after = next(each for each in self._calls(first) if each["id"] == call["id"])
        events = [
            each["data"]["call"]["recordingState"]
            for each in self.stage.told(first)
            if each["data"].get("notificationType") == "CallRecordingStateChange" and each["data"]["call"]["id"] == call["id"]
        ]
        assert any(_explains(order, call, after, events) for order in permutations(asked)), (call, asked, after, events)

    async def _at_once(self, call: Json, bodies: Sequence[Json], turns: Sequence[int]) -> list[Asked]:
        async def ask(body: Json) -> Asked:
            given = {name: value for name, value in body.items() if name != "who"}
            answer = await self.stage.ask(body["who"], "POST", f"/api/v2/me/calls/{call['callUuid']}", given)
            return Asked(given, answer.pair)

        tasks = []
        for body, wait in zip(bodies, turns, strict=True):
            tasks.append(asyncio.create_task(ask(body)))
            for _ in range(wait):
                await asyncio.sleep(0)
        asked = [await task for task in tasks]
        await settle()
        return asked

    def _crossing(self, data: st.DataObject) -> Json:
        kind = data.draw(st.sampled_from((*RECORDING, *RECORDING, "AttachUserData", "DeleteUserDataPair", "DeleteUserData")))
        body: Json = {"operationName": kind}
        if kind == "AttachUserData":
            body["userData"] = {data.draw(st.sampled_from(KEYS)): data.draw(st.integers(0, 3))}
        if kind == "DeleteUserDataPair":
            body["key"] = data.draw(st.sampled_from(KEYS))
        return body

    # --- what it shows ---

    def _calls(self, user: str) -> list[Json]:
        calls: list[Json] = self._run(Desk(self.stage, user).calls())
        return calls

    def _some_call(self, user: str, data: st.DataObject) -> Json | None:
        calls = self._calls(user)
        return data.draw(st.sampled_from(calls)) if calls else None

    def _accepted(self, call: Json) -> set[str]:
        """By section 7.3: what is listed; Hangup and Reject of a ringing call; the repeats of 8.3."""
        accepted = set(call["capabilities"])
        if call["state"] == "Ringing":
            accepted |= {"Hangup", "Reject"}
        if self.stage.mode is Compatibility.V8_5_1 and call["state"] in {"Ringing", "Established"}:
            accepted |= ONLY_IN_8_5_2
        if call["state"] in {"Established", "Held"}:
            column = list(COLUMNS).index(call["recordingState"])
            accepted |= {operation for operation, row in GRID.items() if row[column] is not None}
        return accepted

    def _body(self, operation: str, call: Json, user: str, calls: Sequence[Json] | None = None) -> Json | None:
        """The operation with attributes that only the state can refuse; None where there are none such. `calls` are the
        user's, if they are known."""
        others = [each if isinstance(each, str) else each["phoneNumber"] for each in call["participants"]]
        more: Json = {}
        match operation:
            case "SendDtmf":
                more = {"digits": "1"}
            case "AttachUserData" | "UpdateUserData":
                more = {"userData": {KEYS[0]: {"n": [1]}}}
            case "DeleteUserDataPair":
                more = {"key": KEYS[0]}
            case "RemoveParticipantFromConference":
                more = {"participant": others[0]} if others else {}
            case "SwapCalls":
                linked = [each for each in (calls or self._calls(user)) if each["id"] != call["id"]]
                more = {"otherCallUri": (linked or [call])[0]["uri"]}
            case _ if operation in BRING_IN:
                free = [each for each in (COLLEAGUE, CUSTOMER, *DN.values()) if self._leg(each) is None and each not in others]
                if not free or free[0] == DN[user]:
                    return None
                more = to(free[0])
        return {"operationName": operation, **more} if more or operation != "RemoveParticipantFromConference" else None

    # --- what must hold ---

    @invariant()
    def events_and_state_agree(self) -> None:
        for user in AGENTS if hasattr(self, "stage") else ():
            last = dict(_history(self.stage.told(user)))
            calls = {call["id"]: call for call in self._calls(user)}
            for call_id, call in calls.items():
                assert call["capabilities"] == [each for each in ORDER if each in call["capabilities"]]
                assert call_id not in last or _told(last[call_id]) == _told(call), user
            assert {call["state"] for call_id, call in last.items() if call_id not in calls} <= {"Released"}

    @invariant()
    def each_change_is_told_once(self) -> None:
        for user in AGENTS if hasattr(self, "stage") else ():
            known: dict[str, Json] = {}
            for message in self.stage.told(user):
                data = message["data"]
                if "call" not in data:
                    continue
                call, before = data["call"], known.get(data["call"]["id"])
                known[call["id"]] = call
                if before is not None:
                    assert before["state"] != "Released", "nothing is told of a call that is over"
                    if data["notificationType"] == "CallRecordingStateChange":
                        name = "userData", "GSIP_REC_FN"
                        assert (before["recordingState"], before.get(name[0], {}).get(name[1])) != (
                            call["recordingState"],
                            call.get(name[0], {}).get(name[1]),
                        )
            ended = Counter(call["id"] for _, call in _history(self.stage.told(user)) if call["state"] == "Released")
            assert set(ended.values()) <= {1}


def _history(messages: Sequence[Json]) -> Iterator[tuple[str, Json]]:
    return ((each["data"]["call"]["id"], each["data"]["call"]) for each in messages if "call" in each["data"])


def _told(call: Json) -> Json:
    """What of a call is told at each change."""
    return {key: call.get(key) for key in ("state", "recordingState", "participants", "mute", "userData")}


def _explains(order: Sequence[Asked], before: Json, after: Json, events: Sequence[str]) -> bool:
    """Whether these operations, one after the other, give these answers, these events and this end."""
    state: str = before["recordingState"]
    data = _own(before)
    seen = []
    for each in order:
        operation = each.body["operationName"]
        accepted = True
        if operation in GRID:
            next_state = GRID[operation][list(COLUMNS).index(state)]
            accepted = next_state is not None
            if next_state is not None and next_state != state:
                state = next_state
                seen.append(state)
        elif operation == "AttachUserData":
            data |= each.body["userData"]
        elif operation == "DeleteUserDataPair":
            data.pop(each.body["key"], None)
        else:
            data.clear()
        if each.pair != ((200, 0) if accepted else (400, 2)):
            return False
    return (state, data, seen) == (after["recordingState"], _own(after), list(events))


def _own(call: Mapping[str, Any]) -> Json:
    """The user data that is not the server's."""
    return {key: value for key, value in call.get("userData", {}).items() if not key.startswith("GSIP_")}


TestWork = Work.TestCase
TestWork.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
