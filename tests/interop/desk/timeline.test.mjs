// The timeline and the news of the agent desk in virtual time: pure functions, so plain values go in and come out.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

/** A module of the page, which browsers know for one and node does not. */
async function page(name) {
  const file = new URL(`../../../src/telegraphone/web/desk/page/${name}`, import.meta.url);
  return import(`data:text/javascript,${encodeURIComponent(await readFile(file, "utf-8"))}`);
}

const { clock, drawn, lasting, noted, spoken, stillSo, unsure } = await page("timeline.js");
const { newsOf } = await page("news.js");
const { CALL_OPERATIONS, inOrder, rowOf, words } = await page("operations.js");

const BEGAN = 1_000_000;

/** A view of the call `seconds` after it began; what is not said is as usual. */
function call(seconds, recordingState, more = {}) {
  const userData = recordingState === "Stopped" && !more.name ? {} : { GSIP_REC_FN: more.name ?? "one" };
  return { state: "Established", duration: String(Math.floor(seconds)), participants: ["5000"], mute: "Off", userData, recordingState, ...more };
}

/** The timeline after these views, each `[seconds, state, more]`, told at once unless `lateBy` says otherwise. */
function lived(...views) {
  return views.reduce(
    (timeline, [seconds, state, { lateBy = 0, told = true, ...more } = {}]) =>
      noted(timeline, call(seconds, state, more), BEGAN + (seconds + lateBy) * 1000, told),
    undefined,
  );
}

const shown = (timeline, seconds) =>
  drawn(timeline, BEGAN + seconds * 1000).map(({ kind, from, to }) => [kind, (from - BEGAN) / 1000, (to - BEGAN) / 1000]);

test("start, pause, resume, stop", () => {
  const timeline = lived([1, "Stopped"], [3, "Recording"], [5, "Paused"], [9, "Recording"], [12, "Stopped", { name: "one" }]);
  assert.deepEqual(shown(timeline, 20), [["recorded", 3, 5], ["paused", 5, 9], ["recorded", 9, 12]]);
});

test("a call that was never recorded has no picture", () => {
  assert.deepEqual(shown(lived([1, "Stopped"], [4, "Stopped", { state: "Held" }]), 9), []);
});

test("a pause outlives hold, and only a recording shows it", () => {
  const held = { state: "Held" };
  const timeline = lived([0, "Recording"], [4, "Recording", held], [6, "Paused", held], [8, "Paused"], [10, "Recording"]);
  assert.deepEqual(shown(timeline, 11), [["recorded", 0, 4], ["held", 4, 6], ["paused", 6, 10], ["recorded", 10, 11]]);
});

test("a second recording begins a new picture, also when it begins paused", () => {
  const timeline = lived([0, "Recording"], [5, "Stopped", { name: "one" }], [9, "Paused", { name: "two" }]);
  assert.deepEqual(shown(timeline, 11), [["paused", 9, 11]]);
});

test("a message that comes late finds its place by the call's own clock", () => {
  const timeline = lived([0, "Recording"], [10, "Paused", { lateBy: 30 }]);
  assert.deepEqual(shown(timeline, 45), [["recorded", 0, 11], ["paused", 11, 45]]);
});

test("what changed while nobody looked is not known", () => {
  const looked = stillSo(lived([0, "Recording"]), BEGAN + 20_000);
  const timeline = noted(looked, call(60, "Paused"), BEGAN + 60_000, false);
  assert.deepEqual(shown(timeline, 70), [["recorded", 0, 20], ["unknown", 20, 60], ["paused", 60, 70]]);
  assert.deepEqual(lasting(timeline, BEGAN + 70_000), { ms: 10_000, exact: false });
});

test("a server that is not heard leaves the rest open", () => {
  const looked = stillSo(lived([0, "Recording"]), BEGAN + 5_000);
  assert.deepEqual(shown(unsure(looked), 9), [["recorded", 0, 5], ["unknown", 5, 9]]);
  assert.deepEqual(shown(unsure(stillSo(lived([0, "Stopped"]), BEGAN + 5_000)), 9), []);
});

test("a page that was loaded again goes on as before", () => {
  const looked = stillSo(lived([0, "Recording"], [5, "Paused"]), BEGAN + 20_000);
  const timeline = noted(looked, call(22, "Paused"), BEGAN + 22_000, false);
  assert.deepEqual(shown(timeline, 30), [["recorded", 0, 5], ["paused", 5, 30]]);
  assert.deepEqual(lasting(timeline, BEGAN + 30_000), { ms: 25_000, exact: true });
});

test("a call first seen in the middle is known from then on only", () => {
  const timeline = noted(undefined, call(50, "Paused"), BEGAN + 50_000, false);
  assert.deepEqual(lasting(timeline, BEGAN + 53_000), { ms: 3_000, exact: false });
});

test("how long it has been recording counts from the start", () => {
  assert.deepEqual(lasting(lived([2, "Recording"], [5, "Paused"], [7, "Recording"]), BEGAN + 10_000), { ms: 8_000, exact: true });
});

test("times are read easily", () => {
  assert.deepEqual([0, 7_999, 750_000, 3_723_000, -5].map(clock), ["0:00", "0:07", "12:30", "1:02:03", "0:00"]);
  assert.deepEqual([0, 61_000, 120_000].map(spoken), ["0 seconds", "1 minute 1 second", "2 minutes"]);
});

test("news is said once, and recording is urgent", () => {
  const nameOf = (number) => ({ 5000: "Ann" })[number] ?? number;
  const said = (before, after) => newsOf(before, after, nameOf).map(({ text, urgent }) => [text, urgent]);
  const plain = call(3, "Stopped");
  assert.deepEqual(said(undefined, { ...plain, state: "Ringing" }), [["Incoming call from Ann.", true]]);
  assert.deepEqual(said({ ...plain, state: "Ringing" }, plain), [["Call with Ann is connected.", false]]);
  assert.deepEqual(said(plain, plain), []);
  assert.deepEqual(said(plain, call(4, "Recording")), [["Recording is on.", true]]);
  assert.deepEqual(said(plain, call(4, "Paused")), [["Recording is paused. Nothing is kept until you resume.", true]]);
  assert.deepEqual(said(plain, { ...plain, participants: ["5000", "5003"] }), [["Now in the call: Ann and 5003.", false]]);
  assert.deepEqual(said(plain, { ...plain, mute: "On" }), [["You are muted.", false]]);
  assert.deepEqual(said(call(3, "Recording"), { ...plain, state: "Released" }), [["Call with Ann has ended.", false]]);
});

test("an operation nobody told the page of has a button and a form all the same", () => {
  assert.deepEqual(inOrder(CALL_OPERATIONS, ["Zap", "Hangup", "Answer"]), ["Answer", "Hangup", "Zap"]);
  assert.equal(rowOf(CALL_OPERATIONS, "ZapTheCall").label, "Zap the call");
  assert.deepEqual(rowOf(CALL_OPERATIONS, "ZapTheCall").fields, ["anything"]);
  assert.equal(words("AfterCallWork"), "After call work");
});
