"""The events a desktop got, in order, and a way to wait for the one that says what it expects."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

_WAIT_S = 20.0


class Events:
    """Takes events as they come; each is shown, kept until somebody asked for it or one after it, and given out once."""

    def __init__(self, show: Callable[[Mapping[str, Any]], None]) -> None:
        self._show = show
        self._waiting: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    def take(self, data: Mapping[str, Any]) -> None:
        """One event, as it comes."""
        self._show(data)
        self._waiting.put_nowait(data)

    async def call(self, state: str) -> dict[str, Any]:
        """The call of the next status event that shows it in this state; TimeoutError when none comes."""
        return await self._next("StatusChange", "state", state)

    async def recording(self, state: str) -> dict[str, Any]:
        """The call of the next recording event that shows this state; TimeoutError when none comes."""
        return await self._next("CallRecordingStateChange", "recordingState", state)

    async def _next(self, kind: str, key: str, value: str) -> dict[str, Any]:
        async with asyncio.timeout(_WAIT_S):
            while True:
                data = await self._waiting.get()
                if data.get("notificationType") == kind and data["call"].get(key) == value:
                    call: dict[str, Any] = data["call"]
                    return call
