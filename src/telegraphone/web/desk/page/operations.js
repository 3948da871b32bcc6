// What can be asked of a call or a device: one row per operation, from which its button and its dialog are made. An
// operation that is not here still gets a button when the server names it, and a form that takes any attributes.

/**
 * @typedef {object} Row
 * @property {string} label     on the button
 * @property {string} group     where the button stands: recording, main, others, data
 * @property {string} [tone]    go, end, pause
 * @property {string} [title]   of the dialog
 * @property {string} [submit]  on the dialog's button
 * @property {string} [ask]     the question of a dialog without fields
 * @property {string[]} [fields]  kinds of fields, see forms.js
 * @property {string} [then]    the operation whose button gets the keyboard when this one's disappears
 */

/** @type {Record<string, Row>} in the order in which buttons stand */
export const CALL_OPERATIONS = {
  StartCallRecording: { label: "Start recording", group: "recording", tone: "record", then: "PauseCallRecording" },
  PauseCallRecording: { label: "Pause", group: "recording", tone: "pause", then: "ResumeCallRecording" },
  ResumeCallRecording: { label: "Resume", group: "recording", tone: "record", then: "PauseCallRecording" },
  StopCallRecording: { label: "Stop recording", group: "recording", then: "StartCallRecording" },
  Answer: { label: "Answer", group: "main", tone: "go", then: "Hangup" },
  Hold: { label: "Hold", group: "main", then: "Retrieve" },
  Retrieve: { label: "Retrieve", group: "main", tone: "go", then: "Hold" },
  MuteCall: { label: "Mute", group: "main", then: "UnmuteCall" },
  UnmuteCall: { label: "Unmute", group: "main", tone: "pause", then: "MuteCall" },
  SendDtmf: { label: "Keypad", group: "main", title: "Send tones", submit: "Send", fields: ["digits"] },
  Reject: { label: "Reject", group: "main", tone: "end" },
  Hangup: { label: "Hang up", group: "main", tone: "end" },
  CompleteTransfer: { label: "Complete transfer", group: "others", tone: "go", fields: ["consultCall"] },
  CompleteConference: { label: "Join into conference", group: "others", tone: "go", fields: ["consultCall"] },
  SwapCalls: { label: "Swap calls", group: "others", title: "Swap with which call?", submit: "Swap", fields: ["otherCall"] },
  InitiateTransfer: {
    label: "Consult to transfer",
    group: "others",
    title: "Consult, then transfer",
    submit: "Call them first",
    fields: ["destination"],
  },
  SingleStepTransfer: {
    label: "Transfer now",
    group: "others",
    title: "Transfer at once",
    submit: "Transfer",
    fields: ["destination"],
  },
  InitiateConference: {
    label: "Consult to conference",
    group: "others",
    title: "Consult, then hold a conference",
    submit: "Call them first",
    fields: ["destination"],
  },
  SingleStepConference: {
    label: "Add to call",
    group: "others",
    title: "Add somebody to the call",
    submit: "Add",
    fields: ["destination"],
  },
  RemoveParticipantFromConference: {
    label: "Remove participant",
    group: "others",
    title: "Remove whom from the conference?",
    submit: "Remove",
    fields: ["participant"],
  },
  ClearCall: {
    label: "End for all",
    group: "others",
    tone: "end",
    title: "End the call for everybody?",
    submit: "End for all",
    ask: "Every participant is disconnected.",
  },
  SwitchToListenIn: { label: "Listen only", group: "others" },
  SwitchToCoach: { label: "Coach the agent", group: "others" },
  SwitchToBargeIn: { label: "Join the call", group: "others" },
  MuteMonitoredUser: { label: "Mute the agent", group: "others", then: "UnmuteMonitoredUser" },
  UnmuteMonitoredUser: { label: "Unmute the agent", group: "others", tone: "pause", then: "MuteMonitoredUser" },
  AttachUserData: { label: "Add", group: "data", title: "Add user data", submit: "Add", fields: ["pair"] },
  UpdateUserData: { label: "Change", group: "data", title: "Change user data", submit: "Save", fields: ["changedPair"] },
  DeleteUserDataPair: { label: "Delete one", group: "data", title: "Delete which entry?", submit: "Delete", fields: ["key"] },
  DeleteUserData: {
    label: "Delete all",
    group: "data",
    tone: "end",
    title: "Delete all user data of this call?",
    submit: "Delete all",
    ask: "Every desktop in this call loses it. The recording's own entries stay.",
  },
};

/** @type {Record<string, Row>} */
export const DEVICE_OPERATIONS = {
  DoNotDisturbOn: { label: "Do not disturb", group: "device", then: "DoNotDisturbOff" },
  DoNotDisturbOff: { label: "Allow calls", group: "device", tone: "go", then: "DoNotDisturbOn" },
  ForwardCallsOn: {
    label: "Forward calls",
    group: "device",
    title: "Forward calls to",
    submit: "Forward",
    fields: ["plainDestination"],
    then: "ForwardCallsOff",
  },
  ForwardCallsOff: { label: "Stop forwarding", group: "device", tone: "go", then: "ForwardCallsOn" },
  ListenIn: { label: "Listen in", group: "device", title: "Listen to whom?", submit: "Listen", fields: ["targetDevice"] },
  Coach: { label: "Coach", group: "device", title: "Coach whom?", submit: "Coach", fields: ["targetDevice"] },
  BargeIn: { label: "Barge in", group: "device", title: "Join whose call?", submit: "Join", fields: ["targetDevice"] },
  CancelSupervisorMonitoring: { label: "Stop monitoring", group: "device" },
  MuteMonitoredUser: { label: "Mute the agent", group: "device", then: "UnmuteMonitoredUser" },
  UnmuteMonitoredUser: { label: "Unmute the agent", group: "device", then: "MuteMonitoredUser" },
};

/** The row of an operation; one that this page does not know gets a form for any attributes. */
export function rowOf(table, name) {
  return table[name] ?? { label: words(name), group: "others", title: words(name), submit: "Send", fields: ["anything"] };
}

/** The operations of these capabilities, in the order of the table; unknown ones last. */
export function inOrder(table, capabilities) {
  const order = Object.keys(table);
  const place = (name) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...capabilities].sort((one, other) => place(one) - place(other));
}

/** `AfterCallWork` → `After call work`. */
export function words(name) {
  const split = name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, " ");
  return split.charAt(0) + split.slice(1).toLowerCase();
}
