"""`[[recording_rules]]` and `[[pauses]]`: what is recorded from the start, and how long a pause may last."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from telegraphone.config.tenants import Tenant
from telegraphone.domain.call import CallType
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.domain.policy import PauseLimits, Rule

Direction = Literal["inbound", "outbound", "internal", "consult"]
Patterns = tuple[Annotated[str, Meta(pattern=r"^[0-9A-Za-z*?]{1,64}$")], ...]


class RecordingRuleEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[recording_rules]]`: the first that fits a call decides whether it is recorded from the start."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="Its name, as recordings begun by it carry it.")]
    record: Annotated[bool, Meta(description="Whether such calls are recorded from the start, or when the agent says so.")]
    tenant: Tenant = DEFAULT_TENANT
    directions: Annotated[tuple[Direction, ...], Meta(description="Which way the call goes; empty: any.")] = ()
    phones: Annotated[Patterns, Meta(description="The agents' numbers, letters and digits, with `*` and `?`; empty: any.")] = ()
    teams: Annotated[tuple[str, ...], Meta(description="The agents' teams; empty: any.")] = ()
    callers: Annotated[Patterns, Meta(description="The calling numbers, likewise.")] = ()
    dialled: Annotated[Patterns, Meta(description="The numbers that were dialled, likewise.")] = ()
    share: Annotated[float, Meta(ge=0, le=1, description="The share of such calls it decides about.")] = 1.0

    def rule(self) -> Rule:
        """The rule as the domain knows it."""
        return Rule(
            name=self.name,
            records=self.record,
            tenant=self.tenant,
            types=frozenset(CallType(each.capitalize()) for each in self.directions),
            numbers=self.phones,
            teams=frozenset(self.teams),
            anis=self.callers,
            dnises=self.dialled,
            share=self.share,
        )


class PausesEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[pauses]]`: what becomes of a pause that lasts too long, in one contact centre."""

    tenant: Tenant = DEFAULT_TENANT
    alarm_s: Annotated[float, Meta(ge=0, le=86_400, description="After so many seconds the alarm goes off; 0: never.")] = 0.0
    resume_s: Annotated[
        float,
        Meta(ge=0, le=86_400, description="After so many seconds the recording goes on by itself; 0: never. Not for card data."),
    ] = 0.0

    def limits(self) -> PauseLimits:
        """The limits as the domain knows them."""
        return PauseLimits(self.alarm_s, self.resume_s)
