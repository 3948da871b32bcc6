"""What a load balancer is told of a node."""

import json

from telegraphone.web.admin.health import health


def test_a_node_is_well_when_all_its_parts_are() -> None:
    response = health({"switch": lambda: True, "recorder": lambda: True})
    assert response.status_code == 200
    assert json.loads(bytes(response.body)) == {"status": "ok", "parts": {"switch": "ok", "recorder": "ok"}}


def test_one_part_that_is_down_is_named() -> None:
    response = health({"switch": lambda: True, "recorder": lambda: False})
    assert response.status_code == 503
    assert json.loads(bytes(response.body)) == {"status": "degraded", "parts": {"switch": "ok", "recorder": "down"}}
