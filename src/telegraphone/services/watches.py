"""Which supervisor watches which agent now; a watch is of this run and ends with the supervisor's work."""

from collections.abc import Callable

from telegraphone.domain.agent import Agent
from telegraphone.domain.watching import Watch


class Watches:
    """At most one watch of each supervisor. `changed` hears of every change."""

    def __init__(self, changed: Callable[[Agent], None]) -> None:
        self._changed = changed
        self._by_number: dict[str, tuple[Agent, Watch]] = {}

    def by(self, supervisor: Agent) -> Watch | None:
        """Whom the supervisor watches."""
        found = self._by_number.get(supervisor.device.dn) if supervisor.device else None
        return found[1] if found else None

    def put(self, supervisor: Agent, watch: Watch | None) -> None:
        """The supervisor watches somebody, or nobody any longer."""
        if supervisor.device is None or self.by(supervisor) == watch:
            return
        if watch is None:
            del self._by_number[supervisor.device.dn]
        else:
            self._by_number[supervisor.device.dn] = (supervisor, watch)
        self._changed(supervisor)

    def watchers(self, number: str) -> tuple[Watch, ...]:
        """The watches of the agent at this number."""
        return tuple(watch for _, watch in self._by_number.values() if watch.target == number)

    def watch_over(self, watch: Watch) -> None:
        """The supervisor has left a call; a watch for one call is over with it."""
        supervisor, present = self._by_number.get(watch.supervisor, (None, None))
        if supervisor is not None and present == watch and not watch.all_calls:
            self.put(supervisor, None)
