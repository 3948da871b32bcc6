"""Tells other systems what happens to recordings: each happening to each webhook that wants it, in order, until it is taken.

Theory. A webhook is a place in the list of happenings and a URL. Its own task sends what comes next, and moves the place on
only when the other side has said 2xx; so nothing is lost, and after a crash or a lost reply something may come twice: the
number tells (at least once, in order). A receiver that is away is asked again ever less often. What it has not taken after
WEBHOOK_GIVE_UP_S is left out loudly, and can be told again by setting the place back.
"""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from telegraphone.domain.errors import NotFound, ParameterInvalid
from telegraphone.limits import (
    WEBHOOK_BATCH_MAX,
    WEBHOOK_GIVE_UP_S,
    WEBHOOK_HAPPENINGS_KEPT_S,
    WEBHOOK_LOOK_S,
    WEBHOOK_PAUSE_MAX_S,
    WEBHOOK_PAUSE_MIN_S,
)
from telegraphone.services.happenings import Kind, Numbered, Outbox
from telegraphone.services.ports import Clock, Unavailable

log = structlog.get_logger()

_TIDY_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Webhook:
    """One receiver. `secret` signs what it is told; `kinds` are what it wants to hear."""

    name: str
    tenant: str
    url: str
    secret: bytes = field(repr=False)
    kinds: frozenset[Kind] = frozenset(Kind)
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: the headers and body of one request (Standard Webhooks 1.0: `webhook-id`, `-timestamp`, `-signature`)."""

    headers: Mapping[str, str]
    body: bytes


class Courier(Protocol):
    """Carries messages to receivers."""

    async def deliver(self, webhook: Webhook, message: Message) -> None:
        """Returns when the receiver has said 2xx. Raises `Unavailable("webhook")` with the reason when it has not."""

    def sign(self, secret: bytes, text: bytes) -> bytes:
        """The HMAC-SHA256 of the text."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How it goes with one webhook: the number it was told last, since when it fails, and why."""

    webhook: Webhook
    told: int
    failing_since: datetime | None = None
    reason: str = ""


class Webhooks:
    """All webhooks of one node. `run` tells until cancelled."""

    def __init__(self, outbox: Outbox, courier: Courier, clock: Clock, webhooks: tuple[Webhook, ...]) -> None:
        self._outbox = outbox
        self._courier = courier
        self._clock = clock
        self._lines = {each.name: _Line(each) for each in webhooks}

    async def run(self) -> None:
        """One task for each webhook, so that none waits for another; and one that forgets what is old."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tidy())
            for line in self._lines.values():
                tasks.create_task(self._tell(line))

    def look(self) -> None:
        """Something has happened: every webhook looks at once, unless its receiver fails."""
        for line in self._lines.values():
            if line.failing_since is None:
                line.woken.set()

    async def standings(self, tenant: str) -> tuple[Standing, ...]:
        """How it goes with this tenant's webhooks. Raises `Unavailable("database")`."""
        lines = [line for line in self._lines.values() if line.webhook.tenant == tenant]
        return tuple([await self._standing(line) for line in lines])

    async def replay(self, tenant: str, name: str, after: int) -> Standing:
        """Tells the webhook again what happened behind this number. Raises `NotFound`, or `ParameterInvalid` for a number
        that was not told yet."""
        line = self._lines.get(name)
        if line is None or line.webhook.tenant != tenant:
            raise NotFound("webhook", name)
        async with line.lock:
            if after > await self._outbox.told(name):
                raise ParameterInvalid("after")
            await self._outbox.set_told(name, after)
            line.failing_since, line.reason = None, ""
        line.woken.set()
        return await self._standing(line)

    async def _standing(self, line: "_Line") -> Standing:
        return Standing(line.webhook, await self._outbox.told(line.webhook.name), line.failing_since, line.reason)

    async def _tell(self, line: "_Line") -> None:
        while True:
            line.woken.clear()
            try:
                async with line.lock:
                    pause_s = await self._tell_next(line)
            except Unavailable as error:
                log.warning("webhook_waits_for_database", webhook=line.webhook.name, error=str(error))
                pause_s = WEBHOOK_PAUSE_MIN_S
            if pause_s:
                await self._wait(line, pause_s)

    async def _wait(self, line: "_Line", seconds: float) -> None:
        """Waits that long, or until there is something to do."""
        async with asyncio.TaskGroup() as tasks:
            alarm = tasks.create_task(self._ring(line, self._clock.now() + seconds))
            await line.woken.wait()
            alarm.cancel()

    async def _ring(self, line: "_Line", deadline: float) -> None:
        await self._clock.sleep_until(deadline)
        line.woken.set()

    async def _tell_next(self, line: "_Line") -> float:
        """Tells what comes next; says how long to wait before the next look, 0 when there may be more at once."""
        webhook = line.webhook
        told = await self._outbox.told(webhook.name)
        waiting = await self._outbox.after(told, webhook.tenant, WEBHOOK_BATCH_MAX)
        for each in waiting:
            if each.happening.kind in webhook.kinds:
                try:
                    await self._courier.deliver(webhook, self._message(webhook, each))
                except Unavailable as error:
                    if not self._given_up(line, each, str(error)):
                        return self._pause_s(line)
            line.succeeded()
            await self._outbox.set_told(webhook.name, each.number)
        return 0 if len(waiting) == WEBHOOK_BATCH_MAX else WEBHOOK_LOOK_S

    def _given_up(self, line: "_Line", numbered: Numbered, reason: str) -> bool:
        """Notes the failure; whether this happening has been tried long enough."""
        now = self._clock.utc()
        line.failed(reason, now)
        assert line.failing_since is not None
        over = now - line.failing_since >= timedelta(seconds=WEBHOOK_GIVE_UP_S)
        fact = {"webhook": line.webhook.name, "number": numbered.number, "tries": line.tries, "reason": reason}
        if over:
            log.error("webhook_left_out", **fact)
        else:
            log.warning("webhook_failed", **fact)
        return over

    def _pause_s(self, line: "_Line") -> float:
        """Twice as long each time, and up to half as long again by chance: receivers that fail together are not asked again
        together."""
        pause_s = min(WEBHOOK_PAUSE_MAX_S, WEBHOOK_PAUSE_MIN_S * 2.0 ** min(line.tries - 1, 30))
        return pause_s * (1 + self._clock.entropy(1)[0] / 512)

    def _message(self, webhook: Webhook, numbered: Numbered) -> Message:
        happening = numbered.happening
        body = msgspec.json.encode(
            {
                "type": happening.kind.value,
                "timestamp": happening.at.isoformat(),
                "data": {
                    "number": numbered.number,
                    "tenant": happening.tenant,
                    "callUuid": happening.call_uuid,
                    "recordingId": happening.recording_id,
                    **happening.detail,
                },
            }
        )
        name, moment = f"evt_{numbered.number}", str(int(self._clock.utc().timestamp()))
        signature = self._courier.sign(webhook.secret, f"{name}.{moment}.".encode() + body)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": moment,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }
        return Message(headers, body)

    async def _tidy(self) -> None:
        """Forgets what happened long ago; a webhook that was not told by then has been given up long before."""
        while True:
            try:
                await self._outbox.forget(self._clock.utc() - timedelta(seconds=WEBHOOK_HAPPENINGS_KEPT_S))
            except Unavailable as error:
                log.warning("happenings_not_forgotten", error=str(error))
            await self._clock.sleep_until(self._clock.now() + _TIDY_S)


class _Line:
    """One webhook and how telling it goes. Whoever holds `lock` may move its place."""

    def __init__(self, webhook: Webhook) -> None:
        self.webhook = webhook
        self.lock = asyncio.Lock()
        self.woken = asyncio.Event()
        self.failing_since: datetime | None = None
        self.tries = 0
        self.reason = ""

    def failed(self, reason: str, now: datetime) -> None:
        """Once more, for this reason."""
        self.failing_since, self.reason, self.tries = self.failing_since or now, reason, self.tries + 1

    def succeeded(self) -> None:
        """What went wrong before is over."""
        self.failing_since, self.reason, self.tries = None, "", 0
