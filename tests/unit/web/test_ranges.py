"""Bytes that were promised end when who asked is signed out (ASVS 7.4, 8.3.2)."""

from collections.abc import AsyncIterator

import pytest

from telegraphone.services.ports import Unavailable
from telegraphone.web.gws.ranges import while_signed_in
from telegraphone.web.sign_ins import SignIn


async def test_not_a_byte_more_is_sent_to_who_was_signed_out() -> None:
    sign_in = SignIn("id", "supervisor.one", "token", 0.0, 0.0, 1.0)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"1"
        yield b"2"
        sign_in.over = True
        yield b"3"
        raise AssertionError("nobody asks for more")

    sent: list[bytes] = []

    async def send() -> None:
        async for piece in while_signed_in(pieces(), sign_in, "playback"):
            sent.append(piece)  # noqa: PERF401 - what was sent before it ended is looked at

    with pytest.raises(Unavailable, match="signed out"):
        await send()
    assert sent == [b"1", b"2"]
