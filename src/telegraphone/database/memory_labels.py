"""Label definitions and the labels of recordings in memory, where the list of recordings in memory finds them."""

from collections.abc import Sequence

from telegraphone.database.memory import MemoryCatalogue
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.labels import Label, LabelDefinition


class MemoryLabels:
    """`Definitions` and `Labelled` in dictionaries."""

    def __init__(self, catalogue: MemoryCatalogue) -> None:
        self._catalogue = catalogue
        self._definitions: dict[tuple[str, str], LabelDefinition] = {}

    async def definitions(self, tenant: str) -> tuple[LabelDefinition, ...]:
        """See `Definitions.definitions`."""
        return tuple(each for (whose, _), each in sorted(self._definitions.items()) if whose == tenant)

    async def define(self, tenant: str, definition: LabelDefinition) -> bool:
        """See `Definitions.define`."""
        if (tenant, definition.name) in self._definitions:
            return False
        self._definitions[tenant, definition.name] = definition
        return True

    async def redefine(self, tenant: str, definition: LabelDefinition) -> bool:
        """See `Definitions.redefine`."""
        if (tenant, definition.name) not in self._definitions:
            return False
        self._definitions[tenant, definition.name] = definition
        return True

    async def undefine(self, tenant: str, name: str) -> bool:
        """See `Definitions.undefine`."""
        return self._definitions.pop((tenant, name), None) is not None

    async def of(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[Label, ...], ...]:
        """See `Labelled.of`."""
        found = (self._catalogue.labels.get((tenant, each), {}) for each in call_uuids)
        return tuple(tuple(label for _, label in sorted(one.items())) for one in found)

    async def add(self, tenant: str, call_uuid: CallUuid, label: Label) -> bool:
        """See `Labelled.add`."""
        borne = await self._of(tenant, call_uuid)
        if label.name in borne:
            return False
        borne[label.name] = label
        return True

    async def change(self, tenant: str, call_uuid: CallUuid, label: Label) -> bool:
        """See `Labelled.change`."""
        borne = await self._of(tenant, call_uuid)
        if label.name not in borne:
            return False
        borne[label.name] = label
        return True

    async def remove(self, tenant: str, call_uuid: CallUuid, name: str) -> bool:
        """See `Labelled.remove`."""
        return (await self._of(tenant, call_uuid)).pop(name, None) is not None

    async def _of(self, tenant: str, call_uuid: CallUuid) -> dict[str, Label]:
        if not await self._catalogue.parts_of_call(tenant, call_uuid):
            raise KeyError(call_uuid)
        return self._catalogue.labels.setdefault((tenant, call_uuid), {})
