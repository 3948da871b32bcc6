"""What the user-data operations do."""

from types import MappingProxyType
from typing import Any

import pytest

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.operations import Operation
from telegraphone.domain.user_data import changed_user_data, first_user_data
from telegraphone.limits import USER_DATA_BYTES_MAX

DATA: dict[str, Any] = {"a": 1, "b": {"nested": [1, {"x": None}]}}


@pytest.mark.parametrize("operation", [Operation.ATTACH_USER_DATA, Operation.UPDATE_USER_DATA])
def test_each_top_level_key_is_set_and_others_stay(operation: Operation) -> None:
    changed = changed_user_data(DATA, operation, {"b": {"other": True}, "c": "ü"}, "")
    assert changed == {"a": 1, "b": {"other": True}, "c": "ü"}


def test_one_pair_is_deleted_and_a_missing_one_is_no_error() -> None:
    assert changed_user_data(DATA, Operation.DELETE_USER_DATA_PAIR, {}, "a") == {"b": DATA["b"]}
    assert changed_user_data(DATA, Operation.DELETE_USER_DATA_PAIR, {}, "z") == DATA


def test_all_is_deleted() -> None:
    assert changed_user_data(DATA, Operation.DELETE_USER_DATA, {}, "") == {}


def test_the_servers_own_keys_are_not_taken_from_anybody() -> None:
    given = {"GSIP_RECORD": "OFF", "GSIP_REC_FN": "x", "k": "v"}
    assert changed_user_data(DATA, Operation.ATTACH_USER_DATA, given, "") == {**DATA, "k": "v"}
    assert first_user_data(given) == {"k": "v"}


def test_the_old_data_is_untouched_and_the_new_cannot_be_changed() -> None:
    before = dict(DATA)
    assert isinstance(changed_user_data(DATA, Operation.ATTACH_USER_DATA, {"n": 1}, ""), MappingProxyType)
    assert before == DATA


def test_a_call_holds_so_much_and_no_more() -> None:
    room = USER_DATA_BYTES_MAX - len('{"k": ""}')
    assert first_user_data({"k": "x" * room})
    with pytest.raises(ParameterInvalid):
        first_user_data({"k": "x" * (room + 1)})
    with pytest.raises(ParameterInvalid):
        changed_user_data({"k": "x" * room}, Operation.ATTACH_USER_DATA, {"l": "y"}, "")
    with pytest.raises(ParameterInvalid):
        first_user_data({"k": "ü" * (room // 2 + 1)})
