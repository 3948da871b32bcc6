// What a recording's event history says about its parts: pure functions on the API's plain values, times in ms.

export const NAMES = {
  Paused: "Paused",
  Held: "On hold",
  Gap: "Lost audio",
  Redacted: "Taken out",
  PreRoll: "Before the start",
  PreConsent: "Before consent",
  Borrowed: "From another recorder",
  KeptOut: "Kept out by another recorder",
};

/** The stretches of one media file that are marked, in order: those without audio, and those whose audio waited in memory until it
 * was known that it may be kept, in which there may be others. `{type, name, from, to, by, until, reason}`. */
export function spansOf(recording, mediaFileId) {
  return recording.eventHistory
    .filter((entry) => entry.mediaFileId === mediaFileId && entry.type in NAMES)
    .map((entry) => ({
      type: entry.type,
      name: NAMES[entry.type],
      from: Number(entry.offset),
      to: Number(entry.offset) + Number(entry.duration ?? 0),
      by: entry.startedBy,
      until: entry.stoppedBy,
      reason: entry.reason ?? "",
    }))
    .sort((one, other) => one.from - other.from || other.to - one.to);
}

/** The stretches of a media file where it is heard with what other recorders have (`mended`): its own, wherever they lie then, what
 * it has from others, and what they kept out. */
export function spansMended(spans, mended) {
  const before = Number(mended.offset);
  const own = spans.map((span) => ({ ...span, from: span.from + before, to: span.to + before }));
  const stretches = (type, entries) => {
    const found = new Map(entries.map(({ offset, duration }) => [`${offset} ${duration}`, [Number(offset), Number(duration)]]));
    return [...found.values()].map(([from, length]) => ({ type, name: NAMES[type], from, to: from + length, reason: "" }));
  };
  const known = (span) => own.some((each) => !["Gap", "PreRoll", "PreConsent"].includes(each.type) && each.from <= span.from + 1 && span.to <= each.to + 1);
  const theirs = [...stretches("KeptOut", mended.keptOut).filter((span) => !known(span)), ...stretches("Borrowed", mended.borrowed)];
  return [...own, ...theirs].sort((one, other) => one.from - other.from || other.to - one.to);
}

/** The innermost stretch at a place. */
export function spanAt(spans, ms) {
  return spans.findLast((span) => span.from <= ms && ms < span.to);
}

/** The id of a media file, which its links carry. */
export function fileIdOf(media) {
  return media.playPath.replace(/^.*\//, "").replace(/\.[^.]*$/, "");
}

/** Who did it, as people say it. */
export function whoOf(by) {
  if (by === undefined) {
    return "";
  }
  const sources = { policy: "by rule", call: "the call ended", system: "the recorder", phone: "at the phone", device: "at the device" };
  const who = by.userName || sources[by.source] || by.source;
  return by.rule ? `${who}: ${by.rule}` : who;
}

/** How its parts ended where that was not in the ordinary way, each once. */
export function statesOf(recording) {
  const states = { recovered: "recovered", broken: "not finished" };
  return [...new Set(recording.mediaFiles.map((media) => states[media.status]))].filter(Boolean);
}

/** Facts that a supervisor should look at, worst first: `{kind, text}`. `warnMs`: from when on a pause is long, 0 for never. Where
 * consent alone was lacking, nobody forgot a pause. */
export function concernsOf(recording, warnMs) {
  const concerns = [];
  for (const media of recording.mediaFiles) {
    const spans = spansOf(recording, fileIdOf(media));
    const lost = spans.filter((span) => span.type === "Gap");
    if (media.status === "broken") {
      concerns.push({ kind: "gap", text: "its end is not known" });
    }
    if (lost.length > 0) {
      concerns.push({ kind: "gap", text: `${lasting(sum(lost))} of audio lost` });
    }
    if (media.status === "recovered") {
      concerns.push({ kind: "gap", text: "recovered after a failure" });
    }
    for (const span of spans.filter((each) => each.type === "Paused" && each.reason !== "consent")) {
      if (span.until?.source === "call") {
        concerns.push({ kind: "pause", text: `paused for ${lasting(span.to - span.from)} until the call ended` });
      } else if (warnMs > 0 && span.to - span.from > warnMs) {
        concerns.push({ kind: "pause", text: `paused for ${lasting(span.to - span.from)}` });
      }
    }
  }
  return concerns;
}

function sum(spans) {
  return spans.reduce((total, span) => total + span.to - span.from, 0);
}

/** A place or length: 0:07, 12:05, 1:02:03. */
export function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const tail = String(rest).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** A place to the tenth of a second: 1:02.5. */
export function exactly(ms) {
  return `${clock(ms)}.${Math.floor((ms % 1000) / 100)}`;
}

/** The place that somebody wrote as 62.5, 1:02.5 or 0:01:02.5, in ms; NaN for what is none. */
export function placeOf(text) {
  const parts = text.trim().split(":");
  if (parts.length > 3 || !parts.every((part, index) => (index === parts.length - 1 ? /^\d+([.,]\d+)?$/ : /^\d+$/).test(part))) {
    return NaN;
  }
  return Math.round(parts.reduce((sum, part) => sum * 60 + Number(part.replace(",", ".")), 0) * 1000);
}

/** A length in words: 0.4 s, 35 s, 7 min 27 s. */
export function lasting(ms) {
  if (ms < 10_000) {
    return `${(ms / 1000).toFixed(1)} s`;
  }
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** The API's time as a Date: `2015-09-10T16:58:22.000+0000`. */
export function instant(text) {
  return new Date(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
}
