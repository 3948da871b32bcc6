// One call as a card: who, in which state, since when; its recording; the buttons that its capabilities name; its user data.

import { Buttons } from "./buttons.js";
import { numbersOf } from "./desk.js";
import { freshId, h, setAttribute, setText } from "./elements.js";
import { CALL_OPERATIONS, rowOf } from "./operations.js";
import { RecordingPanel } from "./recording-panel.js";
import { clock, drawn } from "./timeline.js";
import { UserData } from "./user-data.js";

const STATES = { Ringing: "Ringing", Dialing: "Calling", Established: "Connected", Held: "On hold", Released: "Ended" };

export class CallCard {
  /** `act(call, operation)`, `warnMs` and `onLongPause(call, ms)` as for the panel. */
  constructor(desk, { act, warnMs, onLongPause }) {
    this.desk = desk;
    const press = (operation) => act(this.call, operation);
    const title = freshId("call");
    this.title = h("h3", { id: title });
    this.state = h("span", { class: "state" });
    this.clock = h("span", { class: "clock", role: "timer", "aria-label": "Length of the call" });
    this.line = h("p", { class: "line" });
    this.recording = new RecordingPanel({ act: press, warnMs, onLongPause: (ms) => onLongPause(this.call, ms) });
    this.main = new Buttons(CALL_OPERATIONS, "Call", press);
    this.others = new Buttons(CALL_OPERATIONS, "Transfer and conference", press, { small: true });
    this.userData = new UserData(press);
    this.element = h(
      "article",
      { class: "call", "aria-labelledby": title, tabindex: -1 },
      h("header", {}, this.title, h("p", { class: "status" }, this.state, this.clock), this.line),
      this.recording.element,
      this.main.element,
      this.others.element,
      this.userData.element,
    );
  }

  update(call) {
    this.call = call;
    setAttribute(this.element, "data-state", call.state);
    setAttribute(this.element, "data-call", call.callUuid);
    setText(this.title, numbersOf(call).map((each) => this.desk.nameOf(each)).join(", ") || "Nobody yet");
    setText(this.state, STATES[call.state] ?? call.state);
    setText(this.line, this.#about(call));
    const group = (...names) => call.capabilities.filter((each) => names.includes(rowOf(CALL_OPERATIONS, each).group));
    const timeline = this.desk.timelines.get(call.callUuid);
    const recorded = call.state !== "Released" || drawn(timeline, timeline.seen).length > 0;
    setAttribute(this.recording.element, "hidden", call.recordingState === undefined || !recorded);
    this.recording.update(call, group("recording"));
    this.main.update(group("main"));
    this.others.update(group("others"));
    this.userData.update(call.userData ?? {}, group("data"));
  }

  #about(call) {
    const numbers = numbersOf(call).filter((each) => this.desk.nameOf(each) !== each);
    const parent = [...this.desk.calls.values()].find((each) => each.uri === call.parentCallUri);
    const facts = [
      numbers.join(", "),
      call.callType === "Unknown" ? "" : call.callType,
      call.mute === "On" ? "you are muted" : "",
      parent ? `about the call with ${numbersOf(parent).join(", ")}` : "",
      call.supervisorListeningIn ? "a supervisor is listening" : "",
      call.monitoredUserMuted ? "the agent is muted" : "",
    ];
    return facts.filter((fact) => fact !== "").join(" · ");
  }

  /** Time passes. */
  tick(now, sure) {
    const { call } = this;
    const passed = (call.endedAt ?? now) - call.heardAt;
    setText(this.clock, clock(Number(call.duration) * 1000 + passed));
    this.recording.tick(this.desk.timelines.get(call.callUuid), now, sure || call.state === "Released");
  }
}
