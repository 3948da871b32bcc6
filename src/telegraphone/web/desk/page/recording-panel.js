// The recording of one call: a light that says the same by word, shape, colour and sentence, the buttons that go with it,
// and the picture of what has been kept and what has not.

import { Buttons } from "./buttons.js";
import { h, keep, setAttribute, setText, svg } from "./elements.js";
import { CALL_OPERATIONS } from "./operations.js";
import { clock, drawn, HELD, lasting, PAUSED, RECORDED, spoken, UNKNOWN, unsure } from "./timeline.js";

const LIGHTS = {
  Recording: { word: "Recording", meaning: "Everything said is kept.", clock: "recorded for" },
  Paused: { word: "Paused", meaning: "Nothing is kept until you resume.", clock: "paused for" },
  Stopped: { word: "Stopped", meaning: "This call is not being recorded.", clock: "" },
};
const HELD_MEANING = "The call is on hold: silence is kept.";
const ENDED_MEANING = "The recording ended with the call.";
const SPANS = { [RECORDED]: "Recorded", [PAUSED]: "Paused", [HELD]: "On hold", [UNKNOWN]: "Not known" };
const LOOK_MS = 1_000;

export class RecordingPanel {
  #spansDrawnAt = 0;

  /** `act` as for `Buttons`; `warnMs`: from when on a pause is a long one, 0 for never; `onLongPause(ms)` is told once each. */
  constructor({ act, warnMs, onLongPause }) {
    this.warnMs = warnMs;
    this.onLongPause = onLongPause;
    this.warned = 0;
    this.word = h("strong", { class: "word" });
    this.meaning = h("p", { class: "meaning" });
    this.counting = h("span", { class: "unseen" });
    this.clock = h("span", { class: "clock", role: "timer" });
    this.light = h("div", { class: "light" }, lamp(), h("div", { class: "saying" }, this.word, this.meaning), this.counting, this.clock);
    this.warning = h("p", { class: "warning", hidden: true });
    this.buttons = new Buttons(CALL_OPERATIONS, "Recording", act);
    this.strip = h("div", { class: "strip", "aria-hidden": "true" });
    this.end = h("span");
    this.list = h("ol", { class: "unseen", "aria-label": "Timeline of the recording" });
    this.timeline = h(
      "div",
      { class: "timeline", hidden: true },
      this.strip,
      h("div", { class: "axis", "aria-hidden": "true" }, h("span", {}, "0:00"), legend(), this.end),
      this.list,
    );
    this.element = h("section", { class: "recording", "aria-label": "Recording" }, this.light, this.warning, this.buttons.element, this.timeline);
  }

  /** Shows this view of the call. */
  update(call, operations) {
    this.call = call;
    this.buttons.update(operations);
    this.#spansDrawnAt = 0;
  }

  /** Time passes. `sure`: what was heard last still holds; otherwise the light says that it does not know. */
  tick(timeline, now, sure) {
    const state = this.call.recordingState;
    const light = LIGHTS[state];
    const { ms, exact } = lasting(timeline, now);
    setAttribute(this.light, "data-state", sure ? state : "Unknown");
    setText(this.word, sure ? light.word : "Not known");
    setText(this.meaning, sure ? this.#meaning(light) : `No connection. Last heard: ${light.word}, ${spoken(now - timeline.seen)} ago.`);
    const counts = sure && light.clock !== "";
    setText(this.counting, counts ? light.clock : "");
    setText(this.clock, counts ? `${exact ? "" : "≥ "}${clock(ms)}` : "");
    this.#warn(sure && state === "Paused" ? ms : 0);
    this.#draw(sure ? timeline : unsure(timeline), now);
  }

  #meaning(light) {
    if (this.call.state === "Released") {
      return ENDED_MEANING;
    }
    return this.call.recordingState === "Recording" && this.call.state === "Held" ? HELD_MEANING : light.meaning;
  }

  /** A pause that somebody forgot loses what should have been kept: say so, and again each time as much has passed. */
  #warn(pausedMs) {
    const times = this.warnMs > 0 ? Math.floor(pausedMs / this.warnMs) : 0;
    setText(this.warning, times > 0 ? `Paused for ${spoken(times * this.warnMs)} already. Resume if nothing secret is being said.` : "");
    setAttribute(this.warning, "hidden", times === 0);
    if (times > this.warned) {
      this.onLongPause(times * this.warnMs);
    }
    this.warned = times;
  }

  #draw(timeline, now) {
    if (now - this.#spansDrawnAt < LOOK_MS) {
      return;
    }
    this.#spansDrawnAt = now;
    const spans = drawn(timeline, now);
    setAttribute(this.timeline, "hidden", spans.length === 0);
    const zero = spans[0]?.from ?? now;
    keep(this.strip, [...spans.entries()], ([index]) => index, spanView);
    keep(this.list, [...spans.entries()], ([index]) => index, () => spanText(zero));
    setText(this.end, clock((spans.at(-1)?.to ?? now) - zero));
  }
}

function spanView() {
  const label = h("span");
  const element = h("span", {}, label);
  return {
    element,
    update([, span]) {
      element.className = `span ${span.kind}`;
      element.style.flexGrow = String(Math.max(1, span.to - span.from));
      setText(label, span.kind === PAUSED ? clock(span.to - span.from) : "");
    },
  };
}

function spanText(zero) {
  const element = h("li");
  return {
    element,
    update([, span]) {
      setText(element, `${SPANS[span.kind]} from ${clock(span.from - zero)} to ${clock(span.to - zero)}`);
    },
  };
}

function legend() {
  const entry = (kind) => h("span", { class: "key" }, h("i", { class: `span ${kind}` }), SPANS[kind]);
  return h("span", { class: "legend" }, entry(RECORDED), entry(PAUSED));
}

/** Four shapes, of which the style shows one: a dot, two bars, a square, a question. */
function lamp() {
  const shape = (state, ...children) => svg("g", { class: `when-${state}` }, ...children);
  return svg(
    "svg",
    { class: "lamp", viewBox: "0 0 48 48", "aria-hidden": "true" },
    shape("Recording", svg("circle", { cx: 24, cy: 24, r: 17 })),
    shape("Paused", svg("rect", { x: 9, y: 7, width: 11, height: 34, rx: 2 }), svg("rect", { x: 28, y: 7, width: 11, height: 34, rx: 2 })),
    shape("Stopped", svg("rect", { x: 9, y: 9, width: 30, height: 30, rx: 3 })),
    shape("Unknown", svg("text", { x: 24, y: 38, "text-anchor": "middle", "font-size": 40 }, "?")),
  );
}
