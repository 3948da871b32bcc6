"""Labels over HTTP: their definitions, and those of recordings, one by one or on many at once (gws-api 13.6)."""

from collections.abc import Sequence

from starlette.responses import Response

from telegraphone.domain.errors import ParameterInvalid, Refusal
from telegraphone.domain.labels import LabelDefinition
from telegraphone.limits import LABEL_RECORDINGS_MAX
from telegraphone.services.labels import Labels
from telegraphone.web.gws.answers import answer, partial
from telegraphone.web.gws.errors import failure_of
from telegraphone.web.gws.recording_shapes import Meant, RecordingShapes
from telegraphone.web.gws.representations import Json
from telegraphone.web.gws.requests import ApiRequest, page
from telegraphone.web.gws.selection import chosen, selection


class LabelDefinitionPages:
    """Handlers of `/recording-label-definitions`."""

    def __init__(self, shapes: RecordingShapes, labels: Labels) -> None:
        self._shapes = shapes
        self._labels = labels

    async def get_all(self, request: ApiRequest) -> Response:
        """GET /recording-label-definitions: by name."""
        found = page(await self._labels.definitions(request.agent, request.origin), request.query)
        shown = [self._shapes.definition(each) for each in found]
        return _collection(request, "recordingLabelDefinitions", shown)

    async def post(self, request: ApiRequest) -> Response:
        """POST /recording-label-definitions: a new one."""
        definition = _definition(request, request.text("name"))
        await self._labels.define(request.agent, definition, request.origin)
        return answer(201, **self._shapes.links.pair(self._shapes.definition_path(definition.name)))

    async def get(self, request: ApiRequest) -> Response:
        """GET /recording-label-definitions/{name}."""
        found = await self._labels.definition(request.agent, request.path["name"], request.origin)
        return answer(recordingLabelDefinition=chosen(self._shapes.definition(found), selection(request.query, "fields")))

    async def put(self, request: ApiRequest) -> Response:
        """PUT /recording-label-definitions/{name}: what it says; its name stays."""
        await self._labels.redefine(request.agent, _definition(request, request.path["name"]), request.origin)
        return answer()

    async def delete(self, request: ApiRequest) -> Response:
        """DELETE /recording-label-definitions/{name}: labels that use it stay."""
        await self._labels.undefine(request.agent, request.path["name"], request.origin)
        return answer()


class LabelPages:
    """Handlers of `/recordings/{id}/labels`, and the operation that labels many."""

    def __init__(self, shapes: RecordingShapes, labels: Labels) -> None:
        self._shapes = shapes
        self._labels = labels

    async def get_all(self, request: ApiRequest) -> Response:
        """GET …/labels: by name."""
        found = page(await self._labels.of(request.agent, request.path["id"], request.origin), request.query)
        return _collection(request, "labels", [self._shown(request, each) for each in found])

    async def post(self, request: ApiRequest) -> Response:
        """POST …/labels: puts one on the recording."""
        call_uuid, name = request.path["id"], request.text("name")
        await self._labels.add(request.agent, call_uuid, name, optional(request, "value"), request.origin)
        return answer(201, **self._shapes.links.pair(self._shapes.label_path(call_uuid, name)))

    async def get(self, request: ApiRequest) -> Response:
        """GET …/labels/{name}."""
        found = await self._labels.one(request.agent, request.path["id"], request.path["name"], request.origin)
        return answer(label=chosen(self._shown(request, found), selection(request.query, "fields")))

    async def put(self, request: ApiRequest) -> Response:
        """PUT …/labels/{name}: another value."""
        value = optional(request, "value")
        await self._labels.change(request.agent, request.path["id"], request.path["name"], value, request.origin)
        return answer()

    async def delete(self, request: ApiRequest) -> Response:
        """DELETE …/labels/{name}: takes it off."""
        await self._labels.remove(request.agent, request.path["id"], request.path["name"], request.origin)
        return answer()

    async def add_to_all(self, request: ApiRequest) -> Response:
        """The operation `addLabel` of POST /recordings: done in part where some recordings cannot have it."""
        wanted = request.required("recordings")
        if not isinstance(wanted, list) or not all(isinstance(each, str) for each in wanted):
            raise ParameterInvalid("recordings")
        if len(wanted) > LABEL_RECORDINGS_MAX:
            raise ParameterInvalid("recordings", f"at most {LABEL_RECORDINGS_MAX} ids")
        name, value = request.text("name"), optional(request, "value")
        outcome = await self._labels.add_to_all(request.agent, list(dict.fromkeys(wanted)), name, value, request.origin)
        failed = [_failed(call_uuid, why) for call_uuid, why in outcome.items() if why is not None]
        if not failed:
            return answer()
        return partial(failed, [{"statusCode": 0, "recording": each} for each, why in outcome.items() if why is None])

    def _shown(self, request: ApiRequest, meant: Meant) -> Json:
        return self._shapes.label(request.path["id"], meant)


def optional(request: ApiRequest, name: str, default: str = "") -> str:
    """An attribute that is a text, if it is there at all."""
    value = request.body.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise ParameterInvalid(name)
    return value


def _definition(request: ApiRequest, name: str) -> LabelDefinition:
    return LabelDefinition(name, optional(request, "displayName") or name, optional(request, "description"))


def _collection(request: ApiRequest, name: str, shown: Sequence[Json]) -> Response:
    wanted = selection(request.query, "fields")
    if not wanted:
        return answer(uris=[each["uri"] for each in shown])
    return answer(**{name: [chosen(each, wanted) for each in shown]})


def _failed(call_uuid: str, why: Refusal) -> dict[str, object]:
    failure = failure_of(why)
    return {"statusCode": failure.status_code, "statusMessage": failure.message, "recording": call_uuid}
