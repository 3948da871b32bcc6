"""What a load balancer is told of a node."""

import asyncio
import json
from collections.abc import Awaitable

import pytest
from starlette.responses import Response

from telegraphone.web.admin import health as module
from telegraphone.web.admin.health import Check, alive, health


async def _later(works: bool) -> bool:
    return works


def _broken() -> bool:
    raise OSError("no such file or directory")


def _body(response: Response) -> object:
    return json.loads(bytes(response.body))


async def test_a_node_is_well_when_all_its_parts_are() -> None:
    response = await health({"switch": lambda: True, "database": lambda: _later(True)})
    assert response.status_code == 200
    assert _body(response) == {"status": "ok", "parts": {"switch": "ok", "database": "ok"}}


@pytest.mark.parametrize("check", [lambda: False, lambda: _later(False), _broken], ids=["says so", "says so later", "fails"])
async def test_one_part_that_is_down_is_named(check: Check) -> None:
    response = await health({"switch": lambda: True, "recorder": check})
    assert response.status_code == 503
    assert _body(response) == {"status": "degraded", "parts": {"switch": "ok", "recorder": "down"}}


async def test_a_part_that_does_not_tell_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.01)

    def never() -> Awaitable[bool]:
        return asyncio.get_running_loop().create_future()

    assert (await health({"database": never})).status_code == 503


def test_a_node_that_answers_is_alive() -> None:
    assert (alive().status_code, _body(alive())) == (200, {"status": "ok"})
