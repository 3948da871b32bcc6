"""The table of URLs: which route a path belongs to, and which it does not."""

import pytest
from starlette.responses import Response

from telegraphone.web.gws.requests import ApiRequest
from telegraphone.web.routes import Route, RouteTable


async def _nothing(_: ApiRequest) -> Response:
    return Response()


TABLE = RouteTable(Route(template, {"GET": _nothing}) for template in ("/a", "/a/{id}", "/a/b", "/a/{id}/c", "/a/{id}/{name}"))


@pytest.mark.parametrize(
    ("path", "template", "variables"),
    [
        ("/a", "/a", {}),
        ("/a/", "/a", {}),
        ("/a/b", "/a/b", {}),
        ("/a/x", "/a/{id}", {"id": "x"}),
        ("/a/x/c", "/a/{id}/c", {"id": "x"}),
        ("/a/x/d/", "/a/{id}/{name}", {"id": "x", "name": "d"}),
        ("/a/../c", "/a/{id}/c", {"id": ".."}),
    ],
)
def test_a_path_and_its_route(path: str, template: str, variables: dict[str, str]) -> None:
    match = TABLE.find(path)
    assert match is not None
    assert (match.route.template, match.path) == (template, variables)


@pytest.mark.parametrize("path", ["", "/", "/b", "/A", "/a//c", "/a/x/c/d"])
def test_a_path_of_nobody(path: str) -> None:
    assert TABLE.find(path) is None


def test_methods_as_allow_lists_them() -> None:
    assert Route("/a", {"GET": _nothing, "POST": _nothing}).methods == ["GET", "POST", "OPTIONS"]
