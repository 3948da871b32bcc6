"""One user's desktop on a stage, and the situations that rules begin with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.conformance.stage import COLLEAGUE, CUSTOMER, DN, ONE, TWO, Answer, Json, Stage

API = "/api/v2"
Situation = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a user does and sees. Calls are named by any of their links or ids."""

    stage: Stage
    user: str = ONE

    @property
    def dn(self) -> str:
        return DN[self.user]

    async def get(self, path: str) -> Answer:
        return await self.stage.ask(self.user, "GET", API + path)

    async def post(self, path: str, body: object) -> Answer:
        answer = await self.stage.ask(self.user, "POST", API + path, body)
        await self.stage.settle()
        return answer

    async def calls(self) -> list[Json]:
        answer = await self.get("/me/calls?fields=*")
        assert answer.pair == (200, 0)
        calls: list[Json] = answer.body["calls"]
        return calls

    async def call(self, kind: str = "") -> Json:
        """The only call, or of several the one of this kind: `Consult`, or `original` for the other."""
        calls = await self.calls()
        if kind:
            calls = [each for each in calls if (each["callType"] == "Consult") is (kind == "Consult")]
        assert len(calls) == 1, [(each["callType"], each["state"]) for each in calls]
        return calls[0]

    async def view(self, call_id: str) -> Json:
        """One call by id, released ones too."""
        answer = await self.get(f"/me/calls/{call_id}")
        assert answer.pair == (200, 0), answer
        call: Json = answer.body["call"]
        return call

    async def operate(self, operation: str, call: Json | str | None = None, **attributes: Any) -> Answer:
        """An operation on a call, by default on the only one."""
        found = await self.call() if call is None else call
        call_id = found if isinstance(found, str) else found["id"]
        return await self.post(f"/me/calls/{call_id}", {"operationName": operation, **attributes})

    async def do(self, operation: str, call: Json | str | None = None, **attributes: Any) -> None:
        """An operation that must be accepted."""
        answer = await self.operate(operation, call, **attributes)
        assert (answer.status, answer.body) == (200, {"statusCode": 0}), (operation, answer)

    async def device(self) -> Json:
        answer = await self.get("/me/devices?fields=*")
        [device] = answer.body["devices"]
        found: Json = device
        return found

    async def operate_device(self, operation: str, **attributes: Any) -> Answer:
        device = await self.device()
        return await self.post(f"/me/devices/{device['id']}", {"operationName": operation, **attributes})

    async def dial(self, number: str, **attributes: Any) -> Answer:
        device = await self.device()
        body = {"operationName": "Dial", "destination": {"phoneNumber": number}, **attributes}
        return await self.post(f"/me/devices/{device['id']}/calls", body)

    def told(self) -> list[str]:
        """What this user was told of calls, in brief: type, state (of the recording where that is the subject), call."""
        return [brief(message["data"]) for message in self.stage.told(self.user) if message["channel"] == "/v2/me/calls"]

    def messages(self, kind: str) -> list[Json]:
        """The messages of one notification type."""
        return [each for each in self.stage.told(self.user) if each["data"].get("notificationType") == kind]


def brief(data: Mapping[str, Any]) -> str:
    if "call" not in data:
        return str(data["messageType"])
    call = data["call"]
    shown = call.get("recordingState") if data["notificationType"] == "CallRecordingStateChange" else call["state"]
    return f"{data['notificationType']} {shown}{' Consult' if call['callType'] == 'Consult' else ''}"


def to(number: str) -> Json:
    """The attribute that names a destination."""
    return {"destination": {"phoneNumber": number}}


# --- situations -----------------------------------------------------------------------------------------------------


async def ringing(stage: Stage, caller: str = CUSTOMER, called: str = "5001") -> None:
    await stage.handset(caller).call(called)
    await stage.settle()


async def talking(stage: Stage, caller: str = CUSTOMER, called: str = "5001") -> None:
    await ringing(stage, caller, called)
    await stage.handset(called).answer()
    await stage.settle()


async def agents_talk(stage: Stage) -> None:
    """The second agent calls the first."""
    await talking(stage, DN[TWO], DN[ONE])


async def dialing(stage: Stage) -> None:
    """The first agent's phone dials the customer, whose phone rings."""
    await ringing(stage, "5001", CUSTOMER)


async def held(stage: Stage) -> None:
    await talking(stage)
    await Desk(stage).do("Hold")


async def recording(stage: Stage) -> None:
    await talking(stage)
    await Desk(stage).do("StartCallRecording")


async def paused(stage: Stage) -> None:
    await recording(stage)
    await Desk(stage).do("PauseCallRecording")


async def stopped(stage: Stage) -> None:
    await recording(stage)
    await Desk(stage).do("StopCallRecording")


async def held_paused(stage: Stage) -> None:
    await paused(stage)
    await Desk(stage).do("Hold")


async def muted(stage: Stage) -> None:
    await talking(stage)
    await Desk(stage).do("MuteCall")


async def released(stage: Stage) -> None:
    await talking(stage)
    await stage.handset(CUSTOMER).hang_up()
    await stage.settle()


async def consult_rings(stage: Stage) -> None:
    """The first agent has the customer on hold and rings the second."""
    await talking(stage)
    await Desk(stage).do("InitiateTransfer", **to(DN[TWO]))


async def consulting(stage: Stage) -> None:
    await consult_rings(stage)
    await stage.handset(DN[TWO]).answer()
    await stage.settle()


async def conference(stage: Stage) -> None:
    """Customer and both agents; the first one made it."""
    await talking(stage)
    await joined_by(DN[TWO])(stage)


def joined_by(number: str) -> Callable[[Stage], Awaitable[None]]:
    """The first agent adds this number, which answers."""

    async def act(stage: Stage) -> None:
        await Desk(stage).do("SingleStepConference", **to(number))
        await stage.handset(number).answer()
        await stage.settle()

    return act


async def crowd(stage: Stage) -> None:
    """The same with a fourth party."""
    await conference(stage)
    await joined_by(COLLEAGUE)(stage)
