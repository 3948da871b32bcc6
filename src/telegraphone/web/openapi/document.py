"""Makes the description of one installation's API: the route table says which URLs there are, `operations` what each is
asked and answers, `resources` what that looks like."""

import re
from collections.abc import Iterable
from typing import Final

from telegraphone import __version__
from telegraphone.web.gws.links import API
from telegraphone.web.openapi.operations import Said, said, selectable
from telegraphone.web.openapi.resources import resources
from telegraphone.web.openapi.schema import TEXT, Schema, ref
from telegraphone.web.routes import Route
from telegraphone.web.settings import Compatibility, WebSettings

_JSON: Final = "application/json"
_INTRODUCTION: Final = """\
The Genesys Web Services v2 API as this installation serves it.

Every answer is a JSON object with `statusCode`; on a refusal there is `statusMessage` beside it and nothing else. HTTP Basic on
any request signs in and sets the cookie `JSESSIONID`. A request with nothing but the cookie must say
`Content-Type: application/json` and come from an allowed origin.

| HTTP | statusCode | |
|---|---|---|
| 200 | 0, 7 | done; done in part |
| 400 | 1, 2 | something is missing; something is not valid, at all or now |
| 403 | 3, 5, 20 | forbidden; a feature or role is missing; not signed in |
| 404 | 6 | not found, or not yours |
| 500, 503 | 4 | something behind the API fails |

Events come by CometD at `/api/v2/notifications`: `CallStateChangeMessage` on `/v2/me/calls`, `DeviceStateChangeMessage` on
`/v2/me/devices`, `ChannelStateChangeMessageV2` on `/v2/me/channels`; they are among the schemas.
"""


def document(routes: Iterable[Route], settings: WebSettings) -> Schema:
    """The whole description, as JSON is made of it."""
    schemas = resources(modern=settings.compatibility is Compatibility.V8_5_2)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Telegraphone", "version": __version__, "description": _INTRODUCTION},
        "servers": [{"url": settings.external_url}],
        "security": [{"password": []}, {"cookie": []}, {"token": []}],
        "paths": {route.template: _path(route) for route in routes},
        "components": {
            "schemas": {**schemas, **selectable(schemas)},
            "responses": {"Refused": _content("Refused; nothing has changed.", ref("Refusal"))},
            "securitySchemes": {
                "password": {"type": "http", "scheme": "basic"},
                "token": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "JSESSIONID"},
            },
        },
    }


def _path(route: Route) -> Schema:
    short = route.template.removeprefix(API)
    path: Schema = {method.lower(): _operation(method, short, said(method, short)) for method in route.handlers}
    names = re.findall(r"\{(\w+)\}", route.template)
    if names:
        path["parameters"] = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    return path


def _operation(method: str, short: str, what: Said) -> Schema:
    operation: Schema = {
        "operationId": method.lower() + "".join(word.capitalize() for word in re.findall(r"\w+", short)),
        "tags": [_tag(short)],
        "summary": what.summary,
        "responses": {**_answers(method, what), "4XX": _refused(method), "5XX": _refused(method)},
    }
    if what.query:
        operation["parameters"] = [{"name": name, "in": "query", "schema": schema} for name, schema in what.query.items()]
    if what.body is not None:
        operation["requestBody"] = {"required": True, "content": {_JSON: {"schema": what.body}}}
    return operation


def _refused(method: str) -> Schema:
    return {"description": "Refused."} if method == "HEAD" else {"$ref": "#/components/responses/Refused"}


def _answers(method: str, what: Said) -> Schema:
    if what.answer is not None:
        return {str(int(what.status)): _content(what.status.phrase, what.answer)}
    whole: Schema = {"description": "The bytes, or the range of them that was asked for."}
    if method != "HEAD":
        whole["content"] = {what.media: {"schema": {"type": "string", "contentMediaType": what.media}}}
    return {"200": whole, "206": whole}


def _content(description: str, schema: Schema) -> Schema:
    return {"description": description, "content": {_JSON: {"schema": schema}}}


def _tag(short: str) -> str:
    """The part of the API a URL belongs to."""
    parts = short.strip("/").split("/")
    if parts[0] == "me" and len(parts) > 1:
        return parts[1]
    return "start" if parts[0] not in {"me", "devices", "recordings"} else parts[0]
