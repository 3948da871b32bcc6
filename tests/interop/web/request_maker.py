"""Makes requests up from the description of a server's API, sends them, and checks every answer against the description: a
program of its own, because the libraries it uses change settings of the whole interpreter while others run.

    python -m tests.interop.web.request_maker '{"url": …, "user": …, "password": …, "known": {"devices": id}}'

Says which operations it has tried, as JSON; ends with status 1 and what was wrong when an answer is not as described.
"""

import itertools
import json
import sys
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CheckContext
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

EXAMPLES = 7


def honest(_: CheckContext, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """No answer says that the server is broken. That a phone is not there, or that nobody is signed in at it, the API says
    by a 500 with a text of its own (gws-api 5.2)."""
    if response.status_code < 500:
        return
    said = response.json()["statusMessage"]
    assert said.endswith("is not registered.") or "Interaction server" in said, (case.method, case.path, case.body, said)


CHECKS = [
    honest,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]


def try_everything(url: str, who: tuple[str, str], known: dict[str, str]) -> list[tuple[str, str]]:
    """Tries each operation; `known` are ids by the part of the URL that stands before them."""
    schema = schemathesis.openapi.from_url(f"{url}/api/v2/openapi.json", auth=who)
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        _try(operation, url, who, known)
    return [(operation.path, operation.method.lower()) for operation in operations]


def _try(operation: Any, url: str, who: tuple[str, str], known: dict[str, str]) -> None:
    pairs = itertools.pairwise(operation.path.split("/"))
    ids = {part[1:-1]: known[before] for before, part in pairs if part.startswith("{") and before in known}

    names = {parameter.name for parameter in operation.query} & {"fields", "subresources"}

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(), real=st.booleans(), whole=st.booleans())
    def play(case: schemathesis.Case, real: bool, whole: bool) -> None:
        if whole:
            case.query = dict.fromkeys(names, "*")
        if real:
            case.path_parameters = {**(case.path_parameters or {}), **ids}
        case.call_and_validate(base_url=url, checks=CHECKS, auth=who, timeout=25)

    play()


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(try_everything(asked["url"], (asked["user"], asked["password"]), asked["known"])))
