"""What is recorded from the start (`[[recording_rules]]`), what not before everybody agrees (`[[consent]]`), what pauses by
itself (`[[pause_rules]]`), how long a pause may last (`[[pauses]]`), and how long recordings are kept (`[[retention]]`)."""

from collections.abc import Container, Iterable, Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from telegraphone.config.tenants import Tenant
from telegraphone.domain.call import CallType
from telegraphone.domain.consent import ConsentRule
from telegraphone.domain.ids import DEFAULT_TENANT
from telegraphone.domain.pausing import PauseRule
from telegraphone.domain.policy import PauseLimits, Rule
from telegraphone.domain.retention import RetentionRule
from telegraphone.limits import CONSENT_MEMORY_S_MAX, PREROLL_S_MAX

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


class WarningToneEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[warning_tones]]`: the parties of recorded calls hear a tone, in one contact centre."""

    tenant: Tenant = DEFAULT_TENANT
    every_s: Annotated[float, Meta(ge=2, le=3_600, description="Every so many seconds, and when the recording begins.")] = 15.0


class PrerollEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[preroll]]`: what was said just before an agent starts a recording belongs to it, in one contact centre."""

    tenant: Tenant = DEFAULT_TENANT
    seconds: Annotated[
        float, Meta(ge=1, le=PREROLL_S_MAX, description="How far back. Until then it is in memory alone, encrypted.")
    ]


class PauseRuleEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[pause_rules]]`: pauses a recording, and lets it go on, by what is attached to the call or by time."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="Its name, as pauses made by it carry it.")]
    tenant: Tenant = DEFAULT_TENANT
    user_data: Annotated[str, Meta(max_length=255, description="The key of the user data it looks at; empty: none.")] = ""
    values: Annotated[
        tuple[str, ...], Meta(description="What is found there, with `*` and `?`; empty: anything, as long as it is there.")
    ] = ()
    after_s: Annotated[
        float, Meta(ge=0, le=86_400, description="The pause begins so many seconds after that, or after the recording began.")
    ] = 0.0
    for_s: Annotated[
        float, Meta(ge=0, le=86_400, description="The recording goes on after so many seconds of pause; 0: when the data change.")
    ] = 0.0

    def rule(self) -> PauseRule:
        """The rule as the domain knows it."""
        return PauseRule(self.name, self.tenant, self.user_data, self.values, self.after_s, self.for_s)


class ConsentEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[consent]]`: calls of which nothing is kept before everybody has agreed, by `user_data` or else by an `announcement`."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="Its name, as recordings carry it.")]
    user_data: Annotated[str, Meta(max_length=255, description="The key of the user data that says so.")] = ""
    announcement: Annotated[
        str,
        Meta(
            description="The WAV file (mono, 8 kHz, 16 bit, a minute at most) that everybody in such a call hears when a "
            "recording begins; relative to the configuration file. Consent is given when it has been heard to its end."
        ),
    ] = ""
    values: Annotated[
        tuple[str, ...], Meta(description="What is found there then, with `*` and `?`; empty: anything, as long as it is there.")
    ] = ()
    tenant: Tenant = DEFAULT_TENANT
    directions: Annotated[tuple[Direction, ...], Meta(description="Which way such calls go; empty: any.")] = ()
    callers: Annotated[Patterns, Meta(description="The calling numbers, letters and digits; empty: any.")] = ()
    dialled: Annotated[Patterns, Meta(description="The numbers that were dialled, likewise.")] = ()
    memory_s: Annotated[
        float,
        Meta(
            ge=0,
            le=CONSENT_MEMORY_S_MAX,
            description="How far back what was said before consent belongs to the recording once it is given, in seconds. Until "
            "then it is in memory alone, encrypted; 0: it is not kept at all.",
        ),
    ] = 0.0

    def rule(self) -> ConsentRule:
        """The rule as the domain knows it."""
        types = frozenset(CallType(each.capitalize()) for each in self.directions)
        parties = (self.tenant, types, self.callers, self.dialled)
        return ConsentRule(
            self.name, self.user_data, self.values, *parties, memory_s=self.memory_s, announcement=self.announcement
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


def about_consent(rules: Iterable[ConsentEntry], forks: Container[str], *, asterisk: bool) -> Iterator[str]:
    """What is wrong with them; `forks` are the tenants to which calls are copied."""
    for index, rule in enumerate(rules):
        if bool(rule.user_data) == bool(rule.announcement):
            yield f"consent[{index}]: give either user_data or announcement"
        if rule.values and not rule.user_data:
            yield f"consent[{index}].values: says nothing without user_data"
        if rule.announcement and asterisk:
            yield f"consent[{index}].announcement: an Asterisk plays nothing for us; have its dialplan play it, and set user_data"
        if rule.announcement and rule.tenant in forks:
            yield f"consent[{index}].announcement: nobody at this tenant's [[trunks]] could hear it; have it played there"


def about_pause_rules(rules: Iterable[PauseRuleEntry]) -> Iterator[str]:
    """What is wrong with them."""
    for index, rule in enumerate(rules):
        if rule.values and not rule.user_data:
            yield f"pause_rules[{index}].values: says nothing without user_data"
        if not rule.user_data and not rule.after_s:
            yield f"pause_rules[{index}]: with neither user_data nor after_s nothing would ever be recorded"


class RetentionEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[[retention]]`: how long recordings are kept. Of several that fit the longest counts; without one, for ever."""

    name: Annotated[str, Meta(min_length=1, max_length=64, description="Its name, as tombstones carry it.")]
    days: Annotated[int, Meta(ge=0, le=36_500, description="For so many days after its end; 0: for ever.")]
    tenant: Tenant = DEFAULT_TENANT
    dialled: Annotated[Patterns, Meta(description="The numbers that were dialled, as those of queues; with `*` and `?`.")] = ()
    callers: Annotated[Patterns, Meta(description="The calling numbers, likewise.")] = ()
    phones: Annotated[Patterns, Meta(description="The recorded agents' numbers, likewise.")] = ()
    label: Annotated[str, Meta(max_length=64, description="A label that it bears; empty: whatever it bears.")] = ""
    user_data: Annotated[str, Meta(max_length=255, description="The key of the user data it looks at; empty: none.")] = ""
    values: Annotated[
        tuple[str, ...], Meta(description="What is found there, with `*` and `?`; empty: anything, as long as it is there.")
    ] = ()

    def rule(self) -> RetentionRule:
        """The rule as the domain knows it."""
        return RetentionRule(
            *(self.name, self.days, self.tenant, self.dialled, self.callers, self.phones, self.label, self.user_data, self.values)
        )


def about_retention(rules: Iterable[RetentionEntry]) -> Iterator[str]:
    """What is wrong with them."""
    for index, rule in enumerate(rules):
        if rule.values and not rule.user_data:
            yield f"retention[{index}].values: says nothing without user_data"
