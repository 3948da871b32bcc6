"""Everything a use case may reach, gathered in one value so that constructors stay short and tests can swap one port."""

from dataclasses import dataclass

from telegraphone.domain.agent import Directory
from telegraphone.domain.naming import NamePattern
from telegraphone.services.catalogue_writer import CatalogueWriter
from telegraphone.services.ports import Clock, Notifier, Recorder, Switch, SwitchEvents, Taps


@dataclass(frozen=True, slots=True)
class Policies:
    """What an installation decides about its calls; times in seconds."""

    tenant: str = "default"
    ring_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The ports and fixed facts of one node."""

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
