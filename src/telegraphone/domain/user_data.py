"""What the user-data operations do to a call's user data: each top-level key is one value, kept as it was sent."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.operations import Operation
from telegraphone.limits import USER_DATA_BYTES_MAX

RESERVED_KEYS: Final = frozenset({"GSIP_RECORD", "GSIP_REC_FN"})
"""Keys that belong to the server: operations on them are accepted and change nothing (gws-api 7.1)."""


def changed_user_data(
    data: Mapping[str, object], operation: Operation, given: Mapping[str, object], key: str
) -> Mapping[str, object]:
    """The user data after one operation: attach and update set each given key, delete removes one pair or all. Raises
    `ParameterInvalid` when it would grow beyond USER_DATA_BYTES_MAX."""
    match operation:
        case Operation.ATTACH_USER_DATA | Operation.UPDATE_USER_DATA:
            return first_user_data({**data, **given})
        case Operation.DELETE_USER_DATA_PAIR:
            return MappingProxyType({name: value for name, value in data.items() if name != key})
        case _:
            assert operation is Operation.DELETE_USER_DATA
            return MappingProxyType({})


def first_user_data(given: Mapping[str, object]) -> Mapping[str, object]:
    """The user data of a call made with this data; `given` must be made of JSON values. Raises as above."""
    kept = {name: value for name, value in given.items() if name not in RESERVED_KEYS}
    if len(json.dumps(kept, ensure_ascii=False).encode("utf-8", "surrogatepass")) > USER_DATA_BYTES_MAX:
        raise ParameterInvalid("userData", f"A call holds at most {USER_DATA_BYTES_MAX} bytes of user data")
    return MappingProxyType(kept)
