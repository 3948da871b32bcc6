"""How calls are named."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telegraphone.domain.ids import call_uuid, conn_id, is_conn_id


@given(st.binary(min_size=24, max_size=24))
def test_call_uuids(entropy: bytes) -> None:
    made = call_uuid(entropy)
    assert re.fullmatch("[0-9A-Z]{32}", made)
    assert int(made, 36) == int.from_bytes(entropy, "big") % 36**32


@given(st.binary(min_size=8, max_size=8))
def test_connection_ids(entropy: bytes) -> None:
    assert re.fullmatch("[0-9a-f]{16}", conn_id(entropy))
    assert is_conn_id(conn_id(entropy))
    assert is_conn_id(conn_id(entropy).upper())


@pytest.mark.parametrize(
    "reference", ["", "0071022ec8ac805", "0071022ec8ac80561", "0071022ec8ac805g", "00RV9H7S6O8V3BSHAG7GK2LAES00002M"]
)
def test_everything_else_is_a_call_uuid(reference: str) -> None:
    assert not is_conn_id(reference)
