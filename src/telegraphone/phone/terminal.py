"""A phone in the terminal: its user types what a finger would do, and reads what the phone does."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from telegraphone.phone.conduct import CallFailed, PhoneState
from telegraphone.phone.phone import Phone
from telegraphone.phone.registration import RegistrationFailed
from telegraphone.wire.errors import LocalProtocolError

Say = Callable[[str], None]

WORDS = "call NUMBER · answer · refuse · hold · retrieve · keys DIGITS · hang up · quit"


async def use(phone: Phone, lines: AsyncIterator[str], say: Say) -> None:
    """Registers the phone and obeys the lines until `quit` or their end. Raises RegistrationFailed."""
    phone.observer = lambda state: say(f"{phone.number}: {state.value}{_who(phone, state)}")
    await phone.register()
    say(f"{phone.number} is registered. {WORDS}")
    try:
        async for line in lines:
            words = line.split()
            if words == ["quit"]:
                return
            if words:
                say(await _obey(phone, words))
    finally:
        with contextlib.suppress(RegistrationFailed):
            await phone.close()


async def typed() -> AsyncIterator[str]:
    """What is typed on standard input, line by line."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        yield line.decode(errors="replace")


async def scripted(lines: Iterable[str], seconds: float) -> AsyncIterator[str]:
    """These lines at once, and `quit` after so many seconds: for phones that nobody sits at."""
    for line in lines:
        yield line
    await asyncio.sleep(seconds)


async def _obey(phone: Phone, words: list[str]) -> str:
    actions: dict[tuple[str, int], Callable[[], Awaitable[None]]] = {
        ("call", 1): lambda: phone.dial(words[1]),
        ("answer", 0): phone.answer,
        ("refuse", 0): phone.refuse,
        ("hold", 0): phone.hold,
        ("retrieve", 0): phone.retrieve,
        ("keys", 1): lambda: phone.press(words[1]),
        ("hang", 1): phone.hang_up,
    }
    action = actions.get((words[0], len(words) - 1))
    if action is None:
        return f"I know: {WORDS}"
    try:
        await action()
    except (LocalProtocolError, CallFailed, ValueError) as error:
        return f"not now: {error}"
    return "done"


def _who(phone: Phone, state: PhoneState) -> str:
    if state is PhoneState.RINGING:
        return f", {phone.caller} calls"
    if state is PhoneState.IDLE and phone.failure:
        return f" (the call failed with {phone.failure})"
    return ""
