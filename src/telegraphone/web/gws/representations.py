"""What calls, devices and users look like in JSON, in both generations of the API (gws-api 2, 5-7): pure functions.

`compatibility` changes shapes only, never behaviour. Keys come in the order of the documented examples, so that a
person can hold a printed example beside an answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from telegraphone.domain.agent import OFFLINE, Agent, AgentState, DeviceView, Feature, Role
from telegraphone.domain.call import CallType, LegState, Notice
from telegraphone.domain.naming import UNKNOWN
from telegraphone.domain.views import CallView
from telegraphone.domain.watching import Listening, Watch
from telegraphone.web.gws.links import Links
from telegraphone.web.settings import Compatibility, WebSettings

Json = dict[str, object]

_ONLY_IN_8_5_2 = frozenset({"ClearCall"})
_GSIP = {"Recording": "ON", "Paused": "PAUSED", "Stopped": "OFF"}
_FEATURES = {
    Feature.VOICE: ("Voice API", "API for Voice"),
    Feature.VOICE_RECORDING: ("Voice Recording API", "API for Voice Recording"),
    Feature.SUPERVISOR_MONITORING: ("Supervisor Monitoring API", "API for Supervisor Monitoring"),
}
_ROLES = {
    Role.AGENT: "ROLE_AGENT",
    Role.SUPERVISOR: "ROLE_SUPERVISOR",
    Role.COMPLIANCE: "ROLE_ADMIN",
    Role.ADMIN: "ROLE_ADMIN",
}
_VOICE_ENVIRONMENT = "/voice-environments/9d2d6f8e-6a3f-5d0c-8a55-0c7d0f4b7a11"


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes one installation shows: its links and its generation."""

    links: Links
    compatibility: Compatibility
    contact_center: Callable[[str], str]

    @classmethod
    def of(cls, settings: WebSettings) -> "Shapes":
        """The shapes these settings ask for."""
        return cls(Links(settings.external_url), settings.compatibility, settings.contact_center)

    @property
    def modern(self) -> bool:
        """Whether clients see the shapes of 8.5.2."""
        return self.compatibility is Compatibility.V8_5_2

    # --- calls ---

    def _call_id(self, view: CallView) -> str:
        """The id under which clients of this generation know the call; the other one resolves as well."""
        return view.call_uuid if self.modern else view.conn_id

    def call_uri(self, view: CallView) -> str:
        """The link of an agent's view of a call."""
        return self.links.uri(f"/me/calls/{self._call_id(view)}")

    def call(self, view: CallView) -> Json:
        """A call resource (gws-api 7.1)."""
        return self._call_8_5_2(view) if self.modern else self._call_8_5_1(view)

    def _call_8_5_1(self, view: CallView) -> Json:
        return {
            "id": view.conn_id,
            "state": view.state.value,
            "callUuid": view.call_uuid,
            "deviceUri": self.links.uri(f"/devices/{view.device.id}"),
            "uri": self.call_uri(view),
            "participants": list(view.participants),
            "participantsInfo": [_participant_info(number) for number in view.participants],
            **self._call_facts(view),
        }

    def _call_8_5_2(self, view: CallView) -> Json:
        watched = view.watched
        call: Json = {
            "id": view.call_uuid,
            "state": view.state.value,
            "callUuid": view.call_uuid,
            "connId": view.conn_id,
            "deviceUri": self.links.uri(f"/devices/{view.device.id}"),
            "participants": [_participant(number) for number in view.participants],
            **self._call_facts(view),
            "supervisorListeningIn": watched is not None and not watched.own,
            "monitoredUserMuted": watched is not None and watched.silenced,
            "monitoring": watched is not None and watched.own,
            "uri": self.call_uri(view),
            "path": self.call_path(view),
        }
        if watched is not None:
            call["supervisorMonitoringState"] = self._monitoring(watched.ear.watch, watched.ear.listening)
        if view.state is LegState.ESTABLISHED:
            call["case"] = []
        return call

    def _monitoring(self, watch: Watch, listening: Listening) -> Json:
        """`supervisorMonitoringState` of a device or call (gws-api 6.1, 7.1)."""
        return {
            "state": listening.value,
            "mode": "AllCalls" if watch.all_calls else "NextCall",
            "scope": watch.scope.value,
            "targetDeviceUri": self.links.uri(f"/devices/{watch.target_device}"),
        }

    def call_path(self, view: CallView) -> str:
        """The link of a call without its prefix and without `/me` (gws-api 3.1)."""
        return f"/calls/{self._call_id(view)}"

    def _call_facts(self, view: CallView) -> Json:
        """What both generations say alike."""
        facts: Json = {}
        if view.ani and view.ani != UNKNOWN:
            facts["ani"] = view.ani
        facts["dnis"] = view.dnis
        facts["callType"] = view.type.value
        facts["capabilities"] = self._capabilities(view)
        user_data = _user_data(view)
        if user_data:
            facts["userData"] = user_data
        facts["duration"] = str(view.duration_s)
        facts["mute"] = "On" if view.mute else "Off"
        if view.may_record:
            facts["recordingState"] = _recording_state(view)
        if view.parent is not None:
            facts |= self._parent_links(*view.parent)
        return facts

    def _parent_links(self, call_uuid: str, conn_id: str) -> Json:
        """The links from a consult call to the one it is about."""
        path = f"/calls/{call_uuid if self.modern else conn_id}"
        links: Json = {"parentCallUri": self.links.uri(f"/me{path}")}
        return {**links, "parentCallPath": path} if self.modern else links

    def _capabilities(self, view: CallView) -> list[str]:
        names = (operation.value for operation in view.capabilities)
        return [name for name in names if self.modern or name not in _ONLY_IN_8_5_2]

    def extensions(self, notice: Notice, view: CallView) -> Json | None:
        """What the switch adds to a change of status (gws-api 11.1); None where nothing is sent."""
        if not self.modern or notice is not Notice.STATUS:
            return None
        business = {"BusinessCall": 1 if view.type in (CallType.INBOUND, CallType.OUTBOUND) else 0}
        if view.state in (LegState.ESTABLISHED, LegState.RELEASED):
            return {**business, "WrapUpTime": 0}
        return {**business} if view.state is LegState.RINGING else None

    # --- devices ---

    def device(self, view: DeviceView) -> Json:
        """A device resource (gws-api 6.1)."""
        device: Json = {"id": view.device.id, "deviceState": "Active" if view.active else "Inactive"}
        if view.active:
            device["userState"] = {"state": "LoggedIn"} if view.user_state is None else user_state(view.user_state)
        device |= {
            "phoneNumber": view.device.dn,
            "description": "",
            "e164Number": "",
            "telephonyNetwork": "Private",
            "doNotDisturb": "On" if view.desk.do_not_disturb else "Off",
            "voiceEnvironmentUri": self.links.uri(_VOICE_ENVIRONMENT),
            "capabilities": [operation.value for operation in view.capabilities],
            "channels": ["voice"],
        }
        if view.desk.forward_to:
            device["forwardTo"] = view.desk.forward_to
        if view.watch is not None:
            device["supervisorMonitoringState"] = self._monitoring(view.watch, view.watch.listening)
        if self.modern:
            device["dynamicPhoneNumber"] = ""
        device["type"] = "ACDPosition"
        return device

    def voice(self, view: DeviceView) -> Json:
        """The voice channel of an agent and the state it is in; Offline while nobody is signed in."""
        if not view.active:
            return {"channel": "voice", "userState": {**user_state(OFFLINE), "state": "LoggedOut"}}
        shown = {"state": "LoggedIn"} if view.user_state is None else user_state(view.user_state)
        return {"channel": "voice", "userState": shown}

    # --- users ---

    def user(self, agent: Agent) -> Json:
        """A user resource without its child collections (gws-api 5.1)."""
        return {
            "id": agent.id,
            "userName": agent.user_name,
            "firstName": agent.first_name,
            "lastName": agent.last_name,
            "emailAddress": "",
            "roles": roles(agent),
            "enabled": True,
            "changePasswordOnFirstLogin": False,
        }

    def user_end(self, agent: Agent) -> Json:
        """What follows the child collections of a user."""
        return {"contactCenterId": self.contact_center(agent.tenant), **self.links.pair(f"/users/{agent.id}")}

    def features(self, agent: Agent) -> list[Json]:
        """The features an administrator gave, in the order in which they are declared."""
        return [
            {
                "id": feature.value,
                "displayName": _FEATURES[feature][0],
                "description": _FEATURES[feature][1],
                "autoAssignOnContactCenterCreate": feature is not Feature.SUPERVISOR_MONITORING,
                **self.links.pair(f"/features/{feature.value}"),
            }
            for feature in Feature
            if agent.has(feature)
        ]

    def contact(self, agent: Agent) -> Json:
        """An agent as an entry of the address book (gws-api 5.4)."""
        numbers = [{"phoneNumber": agent.device.dn, "description": "", "switchName": ""}] if agent.device else []
        return {
            "id": agent.id,
            "name": f"{agent.first_name} {agent.last_name}".strip() or agent.user_name,
            "type": "User",
            "phoneNumbers": numbers,
            "userName": agent.user_name,
            "firstName": agent.first_name,
            "lastName": agent.last_name,
            "employeeId": agent.user_name,
            **self.links.pair(f"/contacts/{agent.id}"),
        }


def roles(agent: Agent) -> list[str]:
    """The roles as the API knows them; compliance appears as an administrator (gws-api 13.7)."""
    return list(dict.fromkeys(_ROLES[role] for role in Role if role in agent.roles))


def user_state(state: AgentState) -> Json:
    """An agent's state inside a device or channel."""
    shown: Json = {"id": state.id, "displayName": state.display_name, "state": state.state}
    if state.work_mode:
        shown["workMode"] = state.work_mode
    if state.reason:
        shown["reason"] = state.reason
    return shown


def agent_state(state: AgentState) -> Json:
    """An agent's state as it stands in the list of states (gws-api 5.3)."""
    shown: Json = {
        "id": state.id,
        "operationName": state.operation,
        "displayName": state.display_name,
        "state": state.state,
    }
    if state.work_mode:
        shown["workMode"] = state.work_mode
    return {**shown, "reason": state.reason} if state.reason else shown


def _recording_state(view: CallView) -> str:
    """A Released view always shows Stopped, whatever became of the call (gws-api 8.5)."""
    return "Stopped" if view.state is LegState.RELEASED else view.recording_state


def _user_data(view: CallView) -> Json:
    """The call's user data with the server's own two keys, which are there from the first Start on (gws-api 8.2)."""
    if not view.recording_name:
        return dict(view.user_data)
    record = _GSIP[_recording_state(view)]
    return {"GSIP_RECORD": record, **view.user_data, "GSIP_REC_FN": view.recording_name}


def _participant_info(number: str) -> Json:
    return {
        "country": {"name": "", "code": "", "callingCode": ""},
        "formattedPhoneNumber": number,
        "location": None,
        "E164digits": number,
        "isValidNumber": False,
    }


def _participant(number: str) -> Json:
    return {
        "e164Number": number if number.startswith("+") else "",
        "formattedPhoneNumber": number,
        "phoneNumber": number,
        "digits": "".join(each for each in number if each in "0123456789*#"),
    }
