// What the console shows of a recording's event history: pure functions, so plain values go in and come out.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const file = new URL("../../../src/telegraphone/web/desk/console/spans.js", import.meta.url);
const { concernsOf, spanAt, spansMended, spansOf, statesOf, whoOf } = await import(`data:text/javascript,${encodeURIComponent(await readFile(file, "utf-8"))}`);

const entry = (type, offset, duration, more = {}) => ({ mediaFileId: "one", type, offset: `${offset}`, duration: `${duration}`, ...more });

test("what waited in memory is named, and a pause in it before it", () => {
  const eventHistory = [
    entry("Recording", 0, 60_000),
    entry("Paused", 4_000, 2_000),
    entry("PreConsent", 0, 10_000, { reason: "consent", startedBy: { source: "policy" } }),
    entry("PreRoll", 0, 3_000),
    entry("PreRoll", 0, 3_000, { mediaFileId: "another" }),
  ];
  const spans = spansOf({ eventHistory }, "one");
  assert.deepEqual(spans.map(({ name, from, to }) => [name, from, to]), [
    ["Before consent", 0, 10_000],
    ["Before the start", 0, 3_000],
    ["Paused", 4_000, 6_000],
  ]);
  assert.equal(spans[0].reason, "consent");
  const names = [3_500, 5_000, 6_000, 20_000].map((ms) => spanAt(spans, ms)?.name);
  assert.deepEqual(names, ["Before consent", "Paused", "Before consent", undefined]);
});

test("where it is heard with what others have, each stretch lies where it is then, and once", () => {
  const spans = spansOf({ eventHistory: [entry("Paused", 4_000, 2_000), entry("Gap", 8_000, 1_000)] }, "one");
  const both = (offset, duration) => ["agent", "other"].map((track) => ({ offset: `${offset}`, duration: `${duration}`, track }));
  const keptOut = [{ offset: "4500", duration: "2000" }, { offset: "20000", duration: "3000" }];
  const found = spansMended(spans, { offset: "500", borrowed: [...both(0, 500), ...both(8_500, 1_000)], keptOut });
  assert.deepEqual(found.map(({ type, from, to }) => [type, from, to]), [
    ["Borrowed", 0, 500],
    ["Paused", 4_500, 6_500],
    ["Gap", 8_500, 9_500],
    ["Borrowed", 8_500, 9_500],
    ["KeptOut", 20_000, 23_000],
  ]);
  assert.equal(spanAt(found, 9_000).name, "From another recorder");
});

const media = (status) => ({ status, playPath: "/recordings/x/play/one.mp3" });
const until = (source) => ({ startedBy: { source }, stoppedBy: { source: "call" } });

test("a pause is forgotten whoever made it, unless consent alone was lacking", () => {
  const concerned = (source, more) =>
    concernsOf({ mediaFiles: [media("sealed")], eventHistory: [entry("Paused", 0, 9_000, { ...until(source), ...more })] }, 120_000);
  for (const source of ["agent", "policy"]) {
    assert.deepEqual(concerned(source, {}).map(({ kind, text }) => [kind, text]), [["pause", "paused for 9.0 s until the call ended"]]);
  }
  assert.deepEqual(concerned("policy", { reason: "consent" }), []);
});

test("a part that did not end in the ordinary way says how", () => {
  assert.deepEqual(statesOf({ mediaFiles: ["sealed", "recovered", "recovered", "broken"].map(media) }), ["recovered", "not finished"]);
  assert.deepEqual(statesOf({ mediaFiles: [media("sealed")] }), []);
});

test("who did it by a rule names the rule", () => {
  assert.equal(whoOf({ source: "policy", rule: "consent line @1" }), "by rule: consent line @1");
  assert.equal(whoOf({ source: "agent", userName: "agent.one" }), "agent.one");
});
