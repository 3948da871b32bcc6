"""Everything a use case may reach, gathered in one value so that constructors stay short and tests can swap one port."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from telegraphone.domain import policy
from telegraphone.domain.agent import Directory
from telegraphone.domain.call import Call, CallType
from telegraphone.domain.consent import ConsentRule
from telegraphone.domain.forwarding import Reached
from telegraphone.domain.ids import CallUuid
from telegraphone.domain.legs import Ability, Keeping
from telegraphone.domain.naming import NamePattern
from telegraphone.domain.pausing import PauseRule
from telegraphone.domain.policy import PauseLimits, Rule
from telegraphone.domain.watching import Watch
from telegraphone.services.catalogue import By
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.copies import Copies
from telegraphone.services.mailbox import PausedTooLong
from telegraphone.services.pause_alarms import PauseAlarms, Unheard
from telegraphone.services.ports import Clock, Notifier, Recorder, Switch, SwitchEvents, Taps
from telegraphone.services.switch_ports import (
    Announcement,
    Announcements,
    ConferenceTaps,
    LegMedia,
    Monitoring,
    Outside,
    PhoneAnswers,
    TapMutes,
    WarningTones,
)


@dataclass(frozen=True, slots=True)
class Policies:
    """What an installation decides about its calls; times in seconds. Where no rule decides, the calls of agents at
    `recorded_numbers` are recorded from the start. `pause_limits` are by tenant, the names of
    `pause_rules` unique, `announcements` hold those that `consent_rules` name, `version` tells what was decided when."""

    ring_s: float = 60.0
    recorded_numbers: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()
    pause_limits: Mapping[str, PauseLimits] = field(default_factory=dict)
    pause_rules: tuple[PauseRule, ...] = ()
    consent_rules: tuple[ConsentRule, ...] = ()
    announcements: Mapping[str, Announcement] = field(default_factory=dict)
    tone_every_s: Mapping[str, float] = field(default_factory=dict)
    preroll_s: Mapping[str, float] = field(default_factory=dict)
    version: str = ""

    def by(self, rule: str) -> By:
        """Who did it, when a rule of these did."""
        return By("policy", rule=f"{rule} @{self.version}" if self.version else rule)

    def begins_paused(self, call: Call) -> By | None:
        """By which rule a part that begins now is paused from its first sample on; None when none says so."""
        for rule in self.pause_rules:
            if not rule.after_s and rule.fits(call.tenant, call.user_data):
                return self.by(rule.name)
        return None

    def limits(self, call: Call) -> PauseLimits:
        """How long this call may be paused."""
        return self.pause_limits.get(call.tenant, PauseLimits())

    def pause_alarms(self, call: Call) -> Iterator[tuple[float, PausedTooLong]]:
        """What is due when the pause that has just begun lasts so many seconds."""
        limits = self.limits(call)
        for seconds, resumes in ((limits.alarm_s, False), (limits.resume_s, True)):
            if seconds:
                yield seconds, PausedTooLong(call.uuid, call.pauses, resumes)


class Watchers(Protocol):
    """Who watches whom."""

    def watchers(self, number: str) -> tuple[Watch, ...]:
        """The watches of the agent at this number."""

    def watch_over(self, watch: Watch) -> None:
        """The supervisor has left a call; a watch for one call is over with it."""


class Nobody:
    """Where nobody watches anybody."""

    def watchers(self, number: str) -> tuple[Watch, ...]:
        """None."""
        return ()

    def watch_over(self, watch: Watch) -> None:
        """Never."""


class Demands(Protocol):
    """Who looks after it that calls are recorded which are to be."""

    def demand(self, tenant: str, call_uuid: CallUuid, *, mixed: bool = False) -> None:
        """This call is to be recorded from now on, all its voices on one track if `mixed`; never blocks, never raises."""


class NoDemands:
    """Where nobody looks after it."""

    def demand(self, tenant: str, call_uuid: CallUuid, *, mixed: bool = False) -> None:
        """Nothing."""


def itself(number: str) -> str:
    """Where nobody forwards calls, every number's calls come to it."""
    return number


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The ports and fixed facts of one node. `reached` says which number rings when one is called, None for none."""

    clock: Clock
    switch: Switch
    taps: Taps
    switch_events: SwitchEvents
    recorder: Recorder
    notifier: Notifier
    catalogue: CatalogueWriter
    directory: Directory
    names: NamePattern
    policies: Policies = Policies()
    leg_media: LegMedia | None = None
    conference_taps: ConferenceTaps | None = None
    monitoring: Monitoring | None = None
    reached: Reached = itself
    phone_answers: PhoneAnswers | None = None
    outside: Outside | None = None
    warning_tones: WarningTones | None = None
    announcements: Announcements | None = None
    tap_mutes: TapMutes | None = None
    watchers: Watchers = field(default_factory=Nobody)
    demands: Demands = field(default_factory=NoDemands)
    pause_alarms: PauseAlarms = field(default_factory=Unheard)
    copies: Copies = field(kw_only=True)

    def call_type(self, caller: str, called: str, *, came_from_outside: bool) -> CallType:
        """Where the two ends of a new call are."""
        if came_from_outside:
            return CallType.INBOUND
        leaves = self.outside is not None and self.outside.is_outside(called, seen_from=caller)
        return CallType.OUTBOUND if leaves else CallType.INTERNAL

    def is_agent(self, number: str, tenant: str) -> bool:
        """Whether an agent of this tenant is at this number."""
        return self.directory.at(number, tenant) is not None

    def rule_for(self, call: Call) -> Callable[[str], str | None]:
        """By which rule the coming of whom into this call begins a recording. One that is always recorded is its first
        agent's; where no agent takes part, anybody's."""
        policies, directory = self.policies, self.directory
        nobody = all(directory.at(leg.number, call.tenant) is None for leg in call.talking)

        def decided(number: str) -> str | None:
            agent = directory.at(number, call.tenant)
            if call.copied is Keeping.ALWAYS:
                return policy.ALWAYS_RECORDED if nobody or agent is not None else None
            if agent is None or call.copied is Keeping.ON_DEMAND:
                return None
            rule = policy.deciding(policies.rules, call, agent)
            if rule is not None:
                return rule.name if rule.records else None
            return policy.ALWAYS_RECORDED if number in policies.recorded_numbers else None

        return decided

    @property
    def abilities(self) -> frozenset[Ability]:
        """What the switch can do, as far as it has the ports for it."""
        missing: set[Ability] = set()
        if self.leg_media is None:
            missing |= {Ability.HOLD, Ability.MUTE, Ability.SEND_DTMF, Ability.TRANSFER, Ability.CONFERENCE}
        if self.conference_taps is None:
            missing.add(Ability.CONFERENCE)
        if self.monitoring is None:
            missing.add(Ability.MONITOR)
        return self.switch.abilities - missing
