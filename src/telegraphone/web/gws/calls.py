"""The agent's calls: reading them, and the operations on one (gws-api 7, 8)."""

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid
from telegraphone.domain.operations import Operation
from telegraphone.services.calls import Calls
from telegraphone.web.gws.answers import answer
from telegraphone.web.gws.call_arguments import call_arguments
from telegraphone.web.gws.representations import Shapes
from telegraphone.web.gws.requests import ApiRequest, page
from telegraphone.web.gws.selection import chosen, selection

_BY_NAME = {operation.value: operation for operation in Operation}


def known_operation(name: str) -> Operation:
    """The operation of this name; raises `ParameterInvalid` when there is none."""
    operation = _BY_NAME.get(name)
    if operation is None:
        raise ParameterInvalid("operationName")
    return operation


class MyCalls:
    """Handlers of `/me/calls`."""

    def __init__(self, shapes: Shapes, calls: Calls) -> None:
        self._shapes = shapes
        self._calls = calls

    async def get_all(self, request: ApiRequest) -> Response:
        """GET /me/calls: links, or with `fields` the calls."""
        wanted = selection(request.query, "fields")
        views = page(self._calls.of(request.agent), request.query)
        if not wanted:
            return answer(uris=[self._shapes.call_uri(view) for view in views])
        return answer(calls=[chosen(self._shapes.call(view), wanted) for view in views])

    async def get(self, request: ApiRequest) -> Response:
        """GET /me/calls/{id}, by either form of id."""
        view = self._calls.find(request.agent, request.path["id"])
        return answer(call=chosen(self._shapes.call(view), selection(request.query, "fields")))

    async def post(self, request: ApiRequest) -> Response:
        """POST /me/calls/{id}: answers when the operation has taken effect."""
        operation = known_operation(request.operation())
        given = call_arguments(request, operation)
        await self._calls.operate(
            request.agent,
            request.path["id"],
            operation,
            given.user_data,
            given.key,
            number=given.number,
            digits=given.digits,
            other=given.other,
        )
        return answer()
