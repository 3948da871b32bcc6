"""What a handler of the API gets: who asks, the parts of the URL, and a body that was read, bounded and understood."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from telegraphone.domain.agent import Agent, Feature
from telegraphone.domain.errors import FeatureMissing, ParameterInvalid, ParameterMissing
from telegraphone.limits import COLLECTION_LIMIT_MAX, DESTINATION_CHARS_MAX, HTTP_BODY_BYTES_MAX, HTTP_BODY_S
from telegraphone.web.auth import Principal
from telegraphone.web.gws.errors import BODY_TOO_LARGE, BODY_TOO_SLOW, NOT_JSON, Refused

Item = TypeVar("Item")

_DECODER = msgspec.json.Decoder()


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One authenticated request. `path` holds the variable parts of the URL; `body` is empty for methods without one."""

    principal: Principal
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, object]
    http: Request

    @property
    def agent(self) -> Agent:
        """Who asks."""
        return self.principal.agent

    @property
    def origin(self) -> str:
        """The address that the request came from."""
        return self.http.client.host if self.http.client is not None else ""

    def text(self, name: str) -> str:
        """A required attribute that is a text."""
        value = self.required(name)
        if not isinstance(value, str):
            raise ParameterInvalid(name)
        return value

    def required(self, name: str) -> object:
        """A required attribute of any type."""
        value = self.body.get(name)
        if value is None or value == "":
            raise ParameterMissing(name)
        return value

    def operation(self) -> str:
        """The name of the operation asked for (gws-api 3.1)."""
        return self.text("operationName")

    def user_data(self, *, required: bool) -> Mapping[str, object]:
        """The attribute `userData`: an object of any JSON values."""
        if not required and self.body.get("userData") is None:
            return {}
        value = self.required("userData")
        if not isinstance(value, dict):
            raise ParameterInvalid("userData")
        return value

    def destination(self) -> str:
        """`destination.phoneNumber`, as call operations give it (gws-api 7.3)."""
        value = self.required("destination")
        if not isinstance(value, dict):
            raise ParameterInvalid("destination")
        number = value.get("phoneNumber")
        if number is None or number == "":
            raise ParameterMissing("destination.phoneNumber")
        if not isinstance(number, str):
            raise ParameterInvalid("destination.phoneNumber")
        return dialable(number, "destination.phoneNumber")

    def linked_id(self, name: str) -> str:
        """The id at the end of a required link; links of any host are taken, since the id alone decides."""
        linked = self.text(name).rstrip("/").rpartition("/")[2]
        if not linked:
            raise ParameterInvalid(name)
        return linked

    def must_have(self, feature: Feature) -> None:
        """Raises `FeatureMissing` when an administrator did not give it; before anything is looked for (gws-api 3.4)."""
        if not self.agent.has(feature):
            raise FeatureMissing(feature.value)


def dialable(number: str, attribute: str) -> str:
    """The number, if it is one line of reasonable length; whether anybody has it, the switch will say."""
    if len(number) > DESTINATION_CHARS_MAX or not number.isprintable() or not number.strip():
        raise ParameterInvalid(attribute)
    return number.strip()


def number(query: Mapping[str, str], name: str, default: int) -> int:
    """A query parameter that is a whole number, not negative."""
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise ParameterInvalid(name)
    return int(text)


def page(items: Sequence[Item], query: Mapping[str, str]) -> Sequence[Item]:
    """The part of a small collection that `limit` and `offset` ask for (gws-api 3.2)."""
    offset = number(query, "offset", 0)
    return items[offset : offset + number(query, "limit", max(len(items), COLLECTION_LIMIT_MAX))]


async def read_body(request: Request) -> bytes:
    """The whole body, bounded in size and time."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:12]) > HTTP_BODY_BYTES_MAX:
        raise Refused(BODY_TOO_LARGE)
    body = bytearray()
    try:
        async with asyncio.timeout(HTTP_BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > HTTP_BODY_BYTES_MAX:
                    raise Refused(BODY_TOO_LARGE)
    except TimeoutError:
        raise Refused(BODY_TOO_SLOW) from None
    except ClientDisconnect:
        raise Refused(NOT_JSON) from None
    return bytes(body)


def understood(body: bytes) -> Mapping[str, object]:
    """The body as a JSON object; raises `Refused` when it is none."""
    try:
        value = _DECODER.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        raise Refused(NOT_JSON) from None
    if not isinstance(value, dict):
        raise Refused(NOT_JSON)
    return value
