"""Supervisors in agents' calls: who watches whom, asked for at the supervisor's own device (gws-api 6.2).

A watch is kept with the supervisor's desk. The actor of each call looks for watches when an agent has come into the call;
here one is begun, ended, and applied to the call the agent is in already.
"""

from dataclasses import dataclass

from telegraphone.domain.agent import Agent, Directory
from telegraphone.domain.allowed import must_supervise
from telegraphone.domain.errors import DeviceNotRegistered, NotFound, NotInState, ParameterInvalid
from telegraphone.domain.legs import Ability
from telegraphone.domain.operations import Operation
from telegraphone.domain.views import CallView
from telegraphone.domain.watching import Listening, Scope, Watch
from telegraphone.services.agents import Agents
from telegraphone.services.calls import Calls


@dataclass(frozen=True, slots=True)
class Supervision:
    """The supervisors' operations at their devices."""

    directory: Directory
    agents: Agents
    calls: Calls

    async def begin(self, supervisor: Agent, listening: Listening, target_device: str, how: "How") -> None:
        """From now on the supervisor is rung for the calls of the agent at this device, the present one included. Another
        watch of the supervisor ends. Raises `Refusal`; repeating it changes nothing."""
        must_supervise(supervisor)
        colleagues = self.directory.agents(supervisor.tenant)
        target = next((each for each in colleagues if each.device and each.device.id == target_device), None)
        if target is None or target.device is None:
            raise NotFound("device", target_device)
        if target is supervisor:
            raise ParameterInvalid("targetDeviceUri")
        if Ability.MONITOR not in self.calls.abilities:
            raise NotInState(listening.value, "the switch cannot monitor calls")
        if supervisor.device is None or not self.agents.is_registered(supervisor.device.dn):
            raise DeviceNotRegistered(supervisor.device.dn if supervisor.device else "")
        watch = Watch(supervisor.device.dn, target.device.dn, target_device, listening, how.scope, how.all_calls)
        if self.agents.watches.by(supervisor) == watch:
            return
        await self._leave(supervisor)
        self.agents.watches.put(supervisor, watch)
        self.calls.look_for_watches(target)

    async def end(self, supervisor: Agent) -> None:
        """The supervisor watches nobody any longer, and leaves the call that was watched."""
        must_supervise(supervisor)
        if self.agents.watches.by(supervisor) is None and self._monitored(supervisor) is None:
            raise NotInState("CancelSupervisorMonitoring", "nobody is monitored")
        self.agents.watches.put(supervisor, None)
        await self._leave(supervisor)

    async def withdraw(self, supervisor: Agent) -> None:
        """The right to listen in was taken: whoever is watched is no longer, at once."""
        self.agents.watches.put(supervisor, None)
        call = self._monitored(supervisor)
        if call is not None:
            await self.calls.withdraw(supervisor, call.conn_id)

    async def silence(self, supervisor: Agent, operation: Operation) -> None:
        """MuteMonitoredUser or UnmuteMonitoredUser, in the call the supervisor is in."""
        must_supervise(supervisor)
        call = self._monitored(supervisor)
        if call is None:
            raise NotInState(operation.value, "device has no active call")
        await self.calls.operate(supervisor, call.conn_id, operation)

    async def _leave(self, supervisor: Agent) -> None:
        call = self._monitored(supervisor)
        if call is not None:
            await self.calls.operate(supervisor, call.conn_id, Operation.HANGUP)

    def _monitored(self, supervisor: Agent) -> CallView | None:
        return next((each for each in self.calls.of(supervisor) if each.watched and each.watched.own), None)


@dataclass(frozen=True, slots=True)
class How:
    """How long a watch is for: in each call by `scope`, and for all calls or one."""

    scope: Scope = Scope.CALL
    all_calls: bool = True
