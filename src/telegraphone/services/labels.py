"""Labels as people may use them: defining them for a contact centre and putting them on recordings, each change and each
refusal in the trail (gws-api 13.6, 13.7).

A label that is put on, changed or taken off changes what searches find; whoever keeps labels does both in one moment.
"""

from collections.abc import Awaitable, Mapping, Sequence
from typing import Protocol

from telegraphone.domain.agent import Agent
from telegraphone.domain.errors import ExistsAlready, NotFound, ParameterInvalid, Refusal
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.labels import Label, LabelDefinition, must_be_label_name, must_be_label_text
from telegraphone.domain.permissions import Action
from telegraphone.limits import LABEL_DEFINITIONS_MAX, LABELS_MAX
from telegraphone.services.audit import AuditTrail, Deed
from telegraphone.services.library import Library
from telegraphone.services.ports import Clock

_DEFINITION = "label definition"
_LABEL = "label"


class Definitions(Protocol):
    """The label definitions of each tenant. All raise `Unavailable("database")`."""

    async def definitions(self, tenant: str) -> tuple[LabelDefinition, ...]:
        """All of a tenant, by name."""

    async def define(self, tenant: str, definition: LabelDefinition) -> bool:
        """Adds one; False when there is one of that name."""

    async def redefine(self, tenant: str, definition: LabelDefinition) -> bool:
        """Replaces the one of that name; False when there is none."""

    async def undefine(self, tenant: str, name: str) -> bool:
        """Forgets it; labels that use it stay. False when there was none."""


class Labelled(Protocol):
    """The labels of recordings. All raise `Unavailable("database")`."""

    async def of(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[Label, ...], ...]:
        """The labels of each of these recordings, by name, in the order asked for."""

    async def add(self, tenant: str, call_uuid: CallUuid, label: Label) -> bool:
        """Puts one on a recording; False when it bears one of that name. These three raise KeyError for a recording that is not
        there, or no longer."""

    async def change(self, tenant: str, call_uuid: CallUuid, label: Label) -> bool:
        """Replaces the one of that name; False when it bears none."""

    async def remove(self, tenant: str, call_uuid: CallUuid, name: str) -> bool:
        """Takes one off; False when it bears none of that name."""


class Labels:
    """What people may do with labels, as far as their rights go."""

    def __init__(self, library: Library, definitions: Definitions, labelled: Labelled, audit: AuditTrail, clock: Clock) -> None:
        self._library = library
        self._definitions = definitions
        self._labelled = labelled
        self._audit = audit
        self._clock = clock

    async def definitions(self, agent: Agent, origin: str) -> tuple[LabelDefinition, ...]:
        """Every definition of the contact centre, by name. Raises `RoleMissing`."""
        await self._library.must_reach(agent, Action.READ_LABEL_DEFINITIONS, "", origin)
        return await self._definitions.definitions(agent.tenant)

    async def definition(self, agent: Agent, name: str, origin: str) -> LabelDefinition:
        """One of them. Raises `NotFound`, and as `definitions`."""
        return _named(await self.definitions(agent, origin), name)

    async def define(self, agent: Agent, definition: LabelDefinition, origin: str) -> None:
        """Adds a definition. Raises `ParameterInvalid`, `ExistsAlready`, `RoleMissing`, `PermissionMissing`."""
        await self._library.must_reach(agent, Action.DEFINE_LABEL, definition.name, origin)
        _must_be_sound(definition)
        if len(await self._definitions.definitions(agent.tenant)) >= LABEL_DEFINITIONS_MAX:
            raise ParameterInvalid("name", f"there are {LABEL_DEFINITIONS_MAX} label definitions already")
        if not await self._definitions.define(agent.tenant, definition):
            raise ExistsAlready(_DEFINITION, definition.name)
        await self._note(agent, Action.DEFINE_LABEL, definition.name, _said(definition), origin)

    async def redefine(self, agent: Agent, definition: LabelDefinition, origin: str) -> None:
        """Changes what a definition says. Raises `NotFound` for one that is not there, and as `define`."""
        await self._library.must_reach(agent, Action.DEFINE_LABEL, definition.name, origin)
        _must_be_sound(definition)
        if not await self._definitions.redefine(agent.tenant, definition):
            raise NotFound(_DEFINITION, definition.name)
        await self._note(agent, Action.DEFINE_LABEL, definition.name, _said(definition), origin)

    async def undefine(self, agent: Agent, name: str, origin: str) -> None:
        """Forgets a definition; labels that use it stay. Raises `NotFound`, `RoleMissing`, `PermissionMissing`."""
        await self._library.must_reach(agent, Action.DELETE_LABEL_DEFINITION, name, origin)
        _must_be_possible(_DEFINITION, name)
        if not await self._definitions.undefine(agent.tenant, name):
            raise NotFound(_DEFINITION, name)
        await self._note(agent, Action.DELETE_LABEL_DEFINITION, name, {}, origin)

    async def shown(self, tenant: str, call_uuids: Sequence[CallUuid]) -> tuple[tuple[tuple[Label, LabelDefinition], ...], ...]:
        """The labels of each of these recordings with what they mean, for who has found the recordings; one whose definition
        is gone means its name."""
        known = {each.name: each for each in await self._definitions.definitions(tenant)}
        found = await self._labelled.of(tenant, call_uuids)
        return tuple(tuple((each, known.get(each.name, LabelDefinition(each.name, each.name))) for each in one) for one in found)

    async def of(self, agent: Agent, call_uuid: str, origin: str) -> tuple[tuple[Label, LabelDefinition], ...]:
        """The labels of one recording with what they mean. Refuses as `Library.recording`."""
        await self._library.recording(agent, Action.READ_LABELS, call_uuid, origin)
        return (await self.shown(agent.tenant, (CallUuid(call_uuid),)))[0]

    async def one(self, agent: Agent, call_uuid: str, name: str, origin: str) -> tuple[Label, LabelDefinition]:
        """One label of a recording. Raises `NotFound` when it bears none of that name; refuses as `Library.recording`."""
        for label, definition in await self.of(agent, call_uuid, origin):
            if label.name == name:
                return label, definition
        raise NotFound(_LABEL, name)

    async def add(self, agent: Agent, call_uuid: str, name: str, value: str, origin: str) -> None:
        """Puts a label that is defined on a recording. Raises `ExistsAlready`, `NotFound` for a label that is not defined,
        `ParameterInvalid`; refuses as `Library.recording`."""
        await self._library.recording(agent, Action.ADD_LABEL, call_uuid, origin)
        must_be_label_text("value", value)
        _named(await self._definitions.definitions(agent.tenant), name)
        await self._put_on(agent, call_uuid, name, value, origin)

    async def add_to_all(
        self, agent: Agent, call_uuids: Sequence[str], name: str, value: str, origin: str
    ) -> Mapping[str, Refusal | None]:
        """The same for many recordings: each with why it did not get the label, None for one that did. Raises what concerns
        all of them."""
        await self._library.must_reach(agent, Action.ADD_LABEL, "", origin)
        must_be_label_text("value", value)
        _named(await self._definitions.definitions(agent.tenant), name)
        outcome: dict[str, Refusal | None] = {}
        for call_uuid in call_uuids:
            try:
                await self._library.recording(agent, Action.ADD_LABEL, call_uuid, origin)
                await self._put_on(agent, call_uuid, name, value, origin)
                outcome[call_uuid] = None
            except Refusal as refusal:
                outcome[call_uuid] = refusal
        return outcome

    async def change(self, agent: Agent, call_uuid: str, name: str, value: str, origin: str) -> None:
        """Gives a label of a recording another value. Raises `NotFound` when it bears none of that name, `ParameterInvalid`;
        refuses as `Library.recording`."""
        await self._library.recording(agent, Action.ADD_LABEL, call_uuid, origin)
        must_be_label_text("value", value)
        _must_be_possible(_LABEL, name)
        label = self._label(agent, name, value)
        if not await self._of_recording(call_uuid, self._labelled.change(agent.tenant, CallUuid(call_uuid), label)):
            raise NotFound(_LABEL, name)
        await self._note(agent, Action.ADD_LABEL, call_uuid, {"name": name, "value": value}, origin)

    async def remove(self, agent: Agent, call_uuid: str, name: str, origin: str) -> None:
        """Takes a label off a recording. Raises `NotFound` when it bears none of that name; refuses as `Library.recording`."""
        await self._library.recording(agent, Action.DELETE_LABEL, call_uuid, origin)
        _must_be_possible(_LABEL, name)
        if not await self._of_recording(call_uuid, self._labelled.remove(agent.tenant, CallUuid(call_uuid), name)):
            raise NotFound(_LABEL, name)
        await self._note(agent, Action.DELETE_LABEL, call_uuid, {"name": name}, origin)

    async def _put_on(self, agent: Agent, call_uuid: str, name: str, value: str, origin: str) -> None:
        [borne] = await self._labelled.of(agent.tenant, (CallUuid(call_uuid),))
        if len(borne) >= LABELS_MAX:
            raise ParameterInvalid("name", f"the recording bears {LABELS_MAX} labels already")
        label = self._label(agent, name, value)
        if not await self._of_recording(call_uuid, self._labelled.add(agent.tenant, CallUuid(call_uuid), label)):
            raise ExistsAlready(_LABEL, name)
        await self._note(agent, Action.ADD_LABEL, call_uuid, {"name": name, "value": value}, origin)

    async def _of_recording(self, call_uuid: str, done: Awaitable[bool]) -> bool:
        """What is done to a recording that was there a moment ago."""
        try:
            return await done
        except KeyError:
            raise NotFound("recording", call_uuid) from None

    def _label(self, agent: Agent, name: str, value: str) -> Label:
        return Label(name, value, agent.user_name, self._clock.utc())

    async def _note(self, agent: Agent, action: Action, subject: str, detail: Mapping[str, str], origin: str) -> None:
        await self._audit.write(Deed(agent.actor, action.value, subject, "done", detail, agent.tenant, origin))


def _named(definitions: Sequence[LabelDefinition], name: str) -> LabelDefinition:
    for each in definitions:
        if each.name == name:
            return each
    raise NotFound(_DEFINITION, name)


def _must_be_possible(kind: str, name: str) -> None:
    """What cannot name a label is not looked for."""
    try:
        must_be_label_name(name)
    except ParameterInvalid:
        raise NotFound(kind, name) from None


def _must_be_sound(definition: LabelDefinition) -> None:
    must_be_label_name(definition.name)
    must_be_label_text("displayName", definition.display_name)
    must_be_label_text("description", definition.description)


def _said(definition: LabelDefinition) -> Mapping[str, str]:
    return {"displayName": definition.display_name, "description": definition.description}
