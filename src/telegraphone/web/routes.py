"""Finds the handler of a URL: a table of templates and methods, readable as data (the API's description is made from it)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from telegraphone.web.gws.requests import ApiRequest

Handler = Callable[[ApiRequest], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """One URL template, `/me/calls/{id}` for instance, and what answers each of its methods."""

    template: str
    handlers: Mapping[str, Handler]

    @property
    def methods(self) -> list[str]:
        """The methods it has, OPTIONS included, as an Allow field lists them."""
        return [*self.handlers, "OPTIONS"]


@dataclass(frozen=True, slots=True)
class Match:
    """A route that fits a URL, and the variable parts of the URL."""

    route: Route
    path: Mapping[str, str]


class RouteTable:
    """All routes of the API. A fixed segment goes before a variable one; a trailing slash makes no difference."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._by_length: dict[int, list[tuple[tuple[str, ...], Route]]] = {}
        for route in self.routes:
            segments = tuple(route.template.strip("/").split("/"))
            self._by_length.setdefault(len(segments), []).append((segments, route))
        for candidates in self._by_length.values():
            candidates.sort(key=lambda candidate: [segment.startswith("{") for segment in candidate[0]])

    def find(self, path: str) -> Match | None:
        """The route of this path, or None."""
        given = path.strip("/").split("/")
        for segments, route in self._by_length.get(len(given), ()):
            variables = _fit(segments, given)
            if variables is not None:
                return Match(route, variables)
        return None


def _fit(segments: tuple[str, ...], given: list[str]) -> dict[str, str] | None:
    variables = {}
    for segment, value in zip(segments, given, strict=True):
        if segment.startswith("{"):
            variables[segment[1:-1]] = value
        elif segment != value:
            return None
    return variables if all(variables.values()) else None
