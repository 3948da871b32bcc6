"""Chooses what of a resource or collection a client wants: `fields` and `subresources` (gws-api 3.2)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """Names a client listed; `everything` for `*`. Names that do not exist are no error."""

    names: tuple[str, ...] = ()
    everything: bool = False

    def __contains__(self, name: str) -> bool:
        return self.everything or name in self.names

    def __bool__(self) -> bool:
        return self.everything or bool(self.names)


def selection(query: Mapping[str, str], parameter: str) -> Selection:
    """What a query parameter such as `fields=*` or `subresources=devices,calls` selects."""
    names = tuple(name.strip() for name in query.get(parameter, "").split(",") if name.strip())
    return Selection(names, "*" in names)


def chosen(resource: Mapping[str, object], fields: Selection) -> dict[str, object]:
    """The resource, or those of its fields that were listed."""
    if fields.everything or not fields:
        return dict(resource)
    return {name: value for name, value in resource.items() if name in fields}
