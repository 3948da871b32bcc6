// What is known of a call's recording over time, for the picture of it: pure functions on plain values, times in ms of the
// wall clock.
//
// The API tells states, not times. Every message carries the call's `duration` in whole seconds, though, so a message that
// was late (a lost connection, a sleeping laptop) still finds its place to a second. Where the page did not look, it says
// "unknown" and not what would be convenient.

/** @typedef {{kind: string, from: number, exact: boolean}} Span  up to the next span's beginning */
/** @typedef {{began: number, name: string, seen: number, spans: Span[]}} Timeline */

export const RECORDED = "recorded";
export const PAUSED = "paused";
export const HELD = "held";
export const STOPPED = "stopped";
export const UNKNOWN = "unknown";

const SECOND_MS = 1_000;
const BLINK_MS = 5_000; // a page that looked away no longer than this missed nothing worth drawing

/** What is being kept of the call right now. A pause goes before hold: it outlives it. */
export function kindOf(call) {
  switch (call.recordingState) {
    case "Recording":
      return call.state === "Held" ? HELD : RECORDED;
    case "Paused":
      return PAUSED;
    default:
      return STOPPED;
  }
}

/**
 * The timeline after this view of the call, which arrived `now`. `told`: it came as a message, in order, so nothing is
 * missing before it; otherwise it was asked for after the page had not looked for a while.
 * @returns {Timeline}
 */
export function noted(timeline, call, now, told) {
  const elapsed = Number(call.duration) * SECOND_MS;
  const began = Math.min(timeline?.began ?? Infinity, now - elapsed);
  const at = Math.min(now, began + elapsed + SECOND_MS);
  const kind = kindOf(call);
  const name = call.userData?.GSIP_REC_FN ?? "";
  const anew = timeline === undefined || (name !== timeline.name && kind !== STOPPED);
  const before = anew ? [] : timeline.spans;
  return { began, name, seen: now, spans: withSpan(before, timeline?.seen, { kind, from: at, exact: told }) };
}

function withSpan(spans, seen, next) {
  const last = spans.at(-1);
  if (last?.kind === next.kind) {
    return spans;
  }
  if (last === undefined || next.exact || next.from - seen < BLINK_MS) {
    return [...spans, { ...next, from: Math.max(next.from, last?.from ?? next.from) }];
  }
  return [...spans, { kind: UNKNOWN, from: seen, exact: false }, next];
}

/** The page still hears the server: nothing has changed up to now. */
export function stillSo(timeline, now) {
  return { ...timeline, seen: now };
}

/** The timeline as it stands when the server is no longer heard: what follows is not known. */
export function unsure(timeline) {
  const { spans, seen } = timeline;
  return spans.length === 0 ? timeline : { ...timeline, spans: [...spans, { kind: UNKNOWN, from: seen, exact: false }] };
}

/** The spans of the current recording with their ends, the last one ending now; without what came before its start. */
export function drawn(timeline, now) {
  const ended = timeline.spans.map((span, index) => ({ ...span, to: timeline.spans[index + 1]?.from ?? now }));
  const first = ended.findIndex((span) => span.kind !== STOPPED && span.kind !== UNKNOWN);
  if (first < 0) {
    return [];
  }
  const shown = ended.slice(first);
  return shown.at(-1).kind === STOPPED ? shown.slice(0, -1) : shown;
}

/** How long the present state has lasted, in ms, and whether its beginning was seen. A held stretch belongs to a recording. */
export function lasting(timeline, now) {
  const kind = timeline.spans.at(-1)?.kind;
  const spans = drawn(timeline, now);
  if (kind === PAUSED) {
    const { from, exact } = timeline.spans.at(-1);
    return { ms: now - from, exact };
  }
  const first = spans[0];
  return first === undefined ? { ms: 0, exact: true } : { ms: spans.at(-1).to - first.from, exact: first.exact };
}

/** `0:07`, `12:30`, `1:02:03`. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [first, ...rest] = parts[0] > 0 ? parts : parts.slice(1);
  return [String(first), ...rest.map((part) => String(part).padStart(2, "0"))].join(":");
}

/** The same for the ear: `2 minutes 30 seconds`. */
export function spoken(ms) {
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const counts = [
    [Math.floor(seconds / 60), "minute"],
    [seconds % 60, "second"],
  ];
  const said = counts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`);
  return said.join(" ") || "0 seconds";
}
