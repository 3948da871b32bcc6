"""The stage of a started server: a process of its own, desktops that are told over HTTP, and phones on its exchange.

The difficulty is to know when everything that follows from an act has happened. Three things are compared until they
agree: what each desktop was told, what the server shows, and what the phones do. Each phone also asks the exchange for
something harmless, and is answered only when all it said before was read.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from telegraphone.phone import Phone, PhoneOptions, PhoneState, tone
from telegraphone.web.settings import Compatibility
from tests.conformance.desk import Desk
from tests.conformance.stage import CUSTOMER, DN, NUMBERS, ONE, SILENT, SUPERVISOR, TWO, Answer, Handset, Json
from tests.interop.asterisk.server import asterisk
from tests.interop.office import asterisk_table, nothing_is_left
from tests.interop.system import HASH, HOST, PASSWORD, System, telegraphone

SPARE: Final = "5009"
"""A phone that keeps others busy."""
_NOTIFICATIONS: Final = "/api/v2/notifications"
_PATIENCE_S: Final = 60.0
_PAUSE_S: Final = 0.02
_RINGS_S: Final = 5.0
_TALKS: Final = (PhoneState.TALKING, PhoneState.HOLDING)
_CALLS: Final = (PhoneState.CALLING, PhoneState.HEARS_RINGING)


def _account(user: str, features: str, role: str = "agent") -> str:
    return (
        f'\n[[agents]]\nuser_name = "{user}"\npassword_hash = "{HASH}"\nphone = "{DN[user]}"\n'
        f'roles = ["{role}"]\nfeatures = [{features}]\n'
    )


_BOTH: Final = '"api-voice", "api-voice-recording"'
ACCOUNTS: Final = (
    _account(ONE, _BOTH)
    + _account(TWO, _BOTH)
    + _account(SILENT, '"api-voice"')
    + _account(SUPERVISOR, f'{_BOTH}, "api-supervisor-monitoring"', "supervisor")
)


@dataclass(slots=True)
class Listener:
    """One user's notifications, by long-polling under a sign-in of their own."""

    http: httpx.AsyncClient
    messages: list[Json] = field(default_factory=list)
    forgotten: int = 0
    client_id: str = ""

    async def begin(self) -> None:
        hello = {"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}
        # With a cookie that is over, the sign-in is not the one that rules share and end.
        [reply] = await self._send(hello, {"Cookie": "JSESSIONID=over"})
        self.client_id = reply["clientId"]
        await self._send({"channel": "/meta/subscribe", "clientId": self.client_id, "subscription": "/v2/me/*"})

    async def listen(self) -> None:
        connect = {"channel": "/meta/connect", "clientId": self.client_id, "connectionType": "long-polling"}
        while True:
            replies = await self._send(connect)
            assert replies[-1]["successful"], replies
            self.messages += [{"channel": each["channel"], "data": each["data"]} for each in replies if "data" in each]

    async def _send(self, message: Json, headers: Mapping[str, str] | None = None) -> list[Json]:
        answer = await self.http.post(_NOTIFICATIONS, json=[message], headers=headers)
        answer.raise_for_status()
        replies: list[Json] = answer.json()
        return replies


@dataclass(frozen=True, slots=True)
class RealHandset:
    """Each act returns when everything that follows from it has happened: what a rule asks next must not race with it."""

    phone: Phone
    settle: Callable[[], Awaitable[None]]

    async def call(self, number: str) -> None:
        await self.phone.dial(number)
        await self.phone.until(PhoneState.HEARS_RINGING, PhoneState.TALKING, PhoneState.IDLE)
        await self.settle()

    async def answer(self) -> None:
        """Nothing is left to do where the server has taken it off the hook, or nobody calls any more."""
        with suppress(TimeoutError):
            await self.phone.until(PhoneState.RINGING, *_TALKS, timeout_s=_RINGS_S)
        if self.phone.state is PhoneState.RINGING:
            await self.phone.answer()
        await self.settle()

    async def hold(self) -> None:
        await self.phone.hold()
        await self.phone.until(PhoneState.HOLDING)
        await self.settle()

    async def retrieve(self) -> None:
        await self.phone.retrieve()
        await self.phone.until(PhoneState.TALKING)
        await self.settle()

    async def hang_up(self) -> None:
        await self.phone.hang_up()
        await self.settle()


@dataclass(frozen=True, slots=True)
class _Look:
    """What the server shows each user, what each phone does, and how many messages there were."""

    shown: Json
    phones: Mapping[str, PhoneState]
    messages: Mapping[str, int]


@dataclass(slots=True)
class Started:
    """A `Stage`. Rules are played one after the other; `over` leaves it as it was found."""

    system: System
    mode: Compatibility
    phones: dict[str, Phone]
    clients: dict[str, httpx.AsyncClient]
    listeners: dict[str, Listener]
    _seen: _Look | None = None
    _asked: set[str] = field(default_factory=set)
    """Whose desktops have asked for a change since it was last settled."""

    @property
    def url(self) -> str:
        return self.system.url

    async def ask(self, user: str, method: str, path: str, body: object = None) -> Answer:
        if method != "GET":
            self._asked.add(user)
        given: dict[str, Any] = {"json": body}
        if isinstance(body, str):
            given = {"content": body, "headers": {"Content-Type": "application/json"}}
        response = await self.clients[user].request(method, path, **given)
        return Answer(response.status_code, response.json())

    def told(self, user: str) -> list[Json]:
        listener = self.listeners[user]
        return listener.messages[listener.forgotten :]

    def forget(self) -> None:
        for listener in self.listeners.values():
            listener.forgotten = len(listener.messages)

    def handset(self, number: str) -> Handset:
        return RealHandset(self.phones[number], self.settle)

    async def busy(self, number: str) -> None:
        await self.phones[number].call(SPARE)

    async def clear(self) -> None:
        for phone in self.phones.values():
            await phone.hang_up()
        await self.settle()

    async def over(self) -> None:
        """No calls, nobody at work, nobody undisturbed, forwarded or watched; and nothing of it is remembered."""
        await self.clear()
        assert self._seen is not None
        for user, shown in self._seen.shown.items():
            await self._go_home(Desk(self, user), shown["devices"][0])
        for listener in self.listeners.values():
            listener.messages.clear()
            listener.forgotten = 0

    async def _go_home(self, desk: Desk, device: Json) -> None:
        asked = "forwardTo" in device or device["doNotDisturb"] == "On" or "supervisorMonitoringState" in device
        if asked:
            await desk.post("/me", {"operationName": "StartContactCenterSession", "channels": ["voice"]})
            device = await desk.device()
            for operation in device["capabilities"]:
                if operation.endswith("Off") or operation.startswith("Cancel"):
                    await desk.operate_device(operation)
        if asked or device["deviceState"] == "Active":
            await desk.post("/me", {"operationName": "EndContactCenterSession"})

    # --- when nothing more follows ---

    async def settle(self) -> None:
        """Looks until a look, without doubts, shows what the one before it showed."""
        doubts = ["nothing was looked at"]
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while True:
                    look = await self._look()
                    doubts = [*self._told_otherwise(look.shown), *self._done_otherwise(look.shown)]
                    self._seen, before = look, self._seen
                    if look == before and not doubts:
                        self._asked.clear()
                        return
                    await asyncio.sleep(_PAUSE_S)
        raise AssertionError(f"it goes on and on: {doubts}\n{self.system.log[-3000:]}")

    async def _look(self) -> _Look:
        """First each phone that does something, or has just ended it, makes sure that it was heard to the end. Whose phone
        rests, who asked for nothing and was told nothing, is shown what was shown before."""
        last = self._seen or _Look({}, {}, {})
        moved = {number for number, phone in self.phones.items() if {phone.state, last.phones.get(number)} != {PhoneState.IDLE}}
        await asyncio.gather(*(self.phones[number].register() for number in moved))
        messages = {user: len(listener.messages) for user, listener in self.listeners.items()}
        users = [user for user in DN if {user, DN[user]} & {*self._asked, *moved} or last.messages.get(user) != messages[user]]
        shown = dict(zip(users, await asyncio.gather(*(self._shown(user) for user in users)), strict=True))
        states = {number: phone.state for number, phone in self.phones.items()}
        return _Look({**last.shown, **shown}, states, messages)

    async def _shown(self, user: str) -> Json:
        """What the server shows this user, but for what changes with time."""
        answer = await self.ask(user, "GET", "/api/v2/me?subresources=calls,devices")
        found = answer.body["user"]
        return {"calls": [_lasting(call) for call in found["calls"]], "devices": found["devices"]}

    def _told_otherwise(self, shown: Json) -> Iterable[str]:
        """Where a desktop was told something else last than the server shows."""
        for user, listener in self.listeners.items():
            last = {}
            for message in listener.messages:
                for device in message["data"].get("devices", ()):
                    last["device"] = device
                if "call" in message["data"]:
                    last[message["data"]["call"]["id"]] = message["data"]["call"]
            calls = {call["id"]: call for call in shown[user]["calls"]}
            device = last.pop("device", shown[user]["devices"][0])
            if device != shown[user]["devices"][0]:
                yield f"{user}'s device: {device}"
            for call_id in calls.keys() | last.keys():
                told, call = last.get(call_id, {}), calls.get(call_id, {})
                if (told.get("state") != "Released") if not call else (_said(told) != _said(call)):
                    yield f"{user} was told {_said(told)} of {_said(call)}"

    def _done_otherwise(self, shown: Json) -> Iterable[str]:
        """Where phones do something else than the server shows."""
        for user, number in DN.items():
            states = {call["state"] for call in shown[user]["calls"]}
            if not _fits(self.phones[number].state, states):
                yield f"{number} is {self.phones[number].state}, its calls {states}"
            for call in shown[user]["calls"]:
                for other in _numbers(call):
                    state = self.phones[other].state if other in self.phones else PhoneState.TALKING
                    talks = call["state"] in {"Established", "Held"}
                    if state is PhoneState.IDLE or (talks and state not in _TALKS):
                        yield f"{other} is {state}, in a call that is {call['state']}"


def _lasting(call: Json) -> Json:
    return {key: value for key, value in call.items() if key != "duration"}


def _said(call: Json) -> Json:
    """What of a call is told at each change."""
    data = {key: value for key, value in call.get("userData", {}).items() if not key.startswith("GSIP_")}
    return {key: call.get(key) for key in ("state", "recordingState", "participants", "mute")} | {"userData": data}


def _fits(phone: PhoneState, calls: set[str]) -> bool:
    if phone is PhoneState.IDLE:
        return not calls
    if phone in _CALLS:
        return "Dialing" in calls
    if phone is PhoneState.RINGING:
        return bool(calls & {"Ringing", "Dialing"})
    return bool(calls & {"Established", "Held", "Dialing"})


def _numbers(call: Json) -> Iterable[str]:
    return (each if isinstance(each, str) else each["phoneNumber"] for each in call["participants"])


@asynccontextmanager
async def started(folder: Path, mode: Compatibility, *, at_asterisk: bool = False) -> AsyncIterator[Started]:
    """A stage that stands until the block ends; its phones are at the built-in exchange or at an Asterisk."""
    numbers = (*NUMBERS, SPARE)
    server = f'compatibility = "{mode.value}"'
    async with AsyncExitStack() as stack:
        pbx, known, more = None, numbers, ""
        if at_asterisk:
            agents = [number for number in numbers if number != CUSTOMER]
            pbx = await stack.enter_async_context(asterisk(folder / "asterisk", agents=agents, customers=(CUSTOMER,)))
            stack.push_async_callback(nothing_is_left, pbx)
            known, more = (), asterisk_table(pbx)
        running = telegraphone(folder, numbers=known, accounts=ACCOUNTS, server=server, more=more)
        system = await stack.enter_async_context(running)

        async def client(user: str) -> httpx.AsyncClient:
            auth = httpx.BasicAuth(user, PASSWORD) if user else None
            made = httpx.AsyncClient(base_url=system.url, auth=auth, timeout=_PATIENCE_S + 30.0, trust_env=False)
            return await stack.enter_async_context(made)

        phones = {}
        for number in numbers:
            options = PhoneOptions(answers_after_s=0.0 if number == SPARE else None, answers_when_told=at_asterisk)
            registrar = (HOST, (pbx or system).sip_port)
            phones[number] = Phone(number, number, number * 3, registrar, HOST, voice=tone(1_000), options=options)
            stack.push_async_callback(phones[number].close)
            await phones[number].register()
        clients = {user: await client(user) for user in ("", *DN)}
        listeners = {user: Listener(await client(user)) for user in DN}
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        for listener in listeners.values():
            await listener.begin()
        listening = [tasks.create_task(listener.listen()) for listener in listeners.values()]
        try:
            yield Started(system, mode, phones, clients, listeners)
        finally:
            for task in listening:
                task.cancel()
