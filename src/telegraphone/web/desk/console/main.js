// Puts the recordings console together: who is here, what is asked, what is found, and what is open.

import { Api } from "/desk/api.js";
import { cameBack, offer } from "/desk/elsewhere.js";
import { h, keep, setAttribute, setText } from "/desk/elements.js";
import { asked as askedFor } from "/desk/forms.js";
import { Approvals } from "/console/approvals.js";
import { Exports } from "/console/exports.js";
import { Found, criteriaOf, daysAgo } from "/console/found.js";
import { RecordingView } from "/console/recording.js";
import { clock, concernsOf, instant, spansOf, statesOf, fileIdOf } from "/console/spans.js";

const PATIENCE_MS = 200;
const ATTENTION_DAYS = 7;
const ATTENTION_PAGES = 6;
const WELCOME = "Log in as a supervisor, compliance officer or administrator.";
const ENDED = "Your sign-in has ended. Log in again.";
const TYPING = new Set(["INPUT", "SELECT", "TEXTAREA"]);

const at = (id) => document.getElementById(id);
const api = new Api();
const warnMs = Number(document.documentElement.dataset.pauseWarningS) * 1000;
const search = at("search");
let view = null;
let purposeWanted = false;
let exports = null;
let found = null;
let shown = [];
let open = null;
let turn = 0;

// --- in and out ---

async function enter({ user }) {
  const { permissions, purposeRequired } = await api.get("/me/permissions");
  if (!permissions.includes("search")) {
    leave("You may not search for recordings.");
    return;
  }
  setAttribute(at("sign-in"), "hidden", true);
  setAttribute(at("console"), "hidden", false);
  setText(at("who-name"), `${user.firstName} ${user.lastName}`.trim() || user.userName);
  purposeWanted = purposeRequired;
  view = new RecordingView(api, { permissions: new Set(permissions), purposeRequired }, warnMs, changed, erased);
  at("recording").replaceChildren(view.element);
  setAttribute(at("all-export"), "hidden", !permissions.includes("export"));
  setAttribute(at("all-hold"), "hidden", !permissions.includes("hold"));
  exports = permissions.includes("export") ? new Exports(api, at("exports")) : null;
  const approves = ["delete", "export", "hold"].some((each) => permissions.includes(each));
  const approvals = approves ? new Approvals(api, at("approvals"), user.userName) : null;
  search.elements.from.value ||= daysAgo(30);
  search.elements.words.focus();
  await Promise.all([ask(), lookForConcerns(), exports?.look(), approvals?.look()]);
}

function leave(why) {
  view?.clear();
  exports?.stop();
  open = null;
  setAttribute(at("console"), "hidden", true);
  setAttribute(at("sign-in"), "hidden", false);
  setText(at("sign-in-why"), why);
  at("sign-in").querySelector("form").elements.user.focus();
}

at("sign-in").querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { user, password } = event.target.elements;
  setAttribute(at("sign-in-problem"), "hidden", true);
  try {
    const me = await api.signIn(user.value.trim(), password.value);
    password.value = "";
    await enter(me);
  } catch (error) {
    setText(at("sign-in-problem"), error.signedOut ? "User name or password is wrong." : error.message);
    setAttribute(at("sign-in-problem"), "hidden", false);
    password.select();
  }
});

at("sign-out").addEventListener("click", async () => {
  await tried(() => api.post("/me", "EndContactCenterSession"));
  leave(WELCOME);
});

async function tried(doing) {
  setAttribute(at("found-problem"), "hidden", true);
  try {
    await doing();
  } catch (error) {
    if (error.signedOut) {
      leave(ENDED);
    } else {
      setText(at("found-problem"), error.message);
      setAttribute(at("found-problem"), "hidden", false);
    }
  }
}

// --- searching ---

let typing = 0;
search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(ask, PATIENCE_MS);
});
search.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  ask();
});
at("more").addEventListener("click", () => more(turn));

function asked() {
  const { words, from, to, kind } = search.elements;
  return { words: words.value, from: from.value, to: to.value, kind: kind.value };
}

/** Asks anew; an answer to what was asked before is thrown away. */
function ask() {
  turn += 1;
  shown = [];
  found = new Found(api, asked());
  return more(turn);
}

function more(mine) {
  return tried(async () => {
    const page = await found.next();
    if (mine === turn) {
      shown.push(...page);
      drawFound();
    }
  });
}

/** What the server does not sift is sifted here, among what was found so far. */
const SIFTED = {
  attention: (recording) => concernsOf(recording, warnMs).length > 0,
  gap: (recording) => recording.eventHistory.some((entry) => entry.type === "Gap"),
  protected: (recording) => recording.nonDelete || recording.holds.length > 0,
};

function drawFound() {
  const sift = SIFTED[search.elements.kind.value];
  const rows = sift === undefined ? shown : shown.filter(sift);
  keep(at("found"), rows, (recording) => recording.id, rowOf);
  const of = sift === undefined ? "" : ` of ${shown.length} looked at`;
  setText(at("found-count"), `${rows.length}${found.over ? "" : "+"}${of}`);
  setAttribute(at("found-none"), "hidden", rows.length > 0);
  setAttribute(at("more"), "hidden", found.over);
  setAttribute(at("all"), "hidden", rows.length === 0);
  // What is sifted here cannot be said to the server, which is to hold whatever it finds.
  at("all-hold").disabled = sift !== undefined;
}

// --- all that is found ---

/** What was found, as the server is told: by criteria, or one by one where it was sifted here. */
function allFound() {
  const sift = SIFTED[search.elements.kind.value];
  return sift === undefined ? { criteria: criteriaOf(asked()) } : { recordings: shown.filter(sift).map((recording) => recording.id) };
}

at("all-export").addEventListener("click", () => {
  const order = allFound();
  const sealed = h("input", { type: "checkbox" });
  const row = {
    title: "Export all that is found",
    ask:
      (order.recordings ? `The ${order.recordings.length} recordings that are shown` : "Every recording that this search finds, also those that are not shown yet,") +
      " become one package, which proves itself anywhere. It is prepared in the background. That you took each of them out is in its trail.",
    submit: "Begin",
  };
  const field = { element: h("label", { class: "inline" }, sealed, "with what was sealed"), read: () => ({ sealed: sealed.checked }) };
  const purpose = h("input", { autocomplete: "off", maxlength: 256, required: true });
  const why = { element: h("label", {}, "What it is taken out for ", purpose), read: () => ({ purpose: purpose.value.trim() }) };
  askedFor(row, [field, ...(purposeWanted ? [why] : [])], (attributes) => exports.begin({ ...order, ...attributes }));
});

at("all-hold").addEventListener("click", () => {
  const { criteria } = allFound();
  const matter = h("input", { autocomplete: "off", maxlength: 128, required: true });
  const row = {
    title: "Hold all that is found",
    ask: "Every recording that this search finds, also those that are not shown yet, is held for a matter: nobody can erase it or take anything out of it until that ends.",
    submit: "Hold",
  };
  const field = { element: h("label", {}, "Matter ", matter), read: () => ({ matter: matter.value.trim() }) };
  askedFor(row, [field], async (attributes) => {
    const { held } = await api.post("/recordings", "placeHold", { criteria, ...attributes });
    setText(at("says"), `${held} recordings are held.`);
    await ask();
  });
});

function rowOf(recording) {
  const element = h("button", { type: "button", class: "row", click: () => show(recording) });
  return {
    element: h("li", {}, element),
    update(next) {
      recording = next;
      setAttribute(element, "aria-current", open === next.id ? "true" : undefined);
      element.replaceChildren(...cells(next));
    },
  };
}

function cells(recording) {
  const length = recording.mediaFiles.reduce((sum, media) => sum + Number(media.duration), 0);
  const agents = [...new Set(recording.mediaFiles.map((media) => media.parameters.agentId))].filter(Boolean).join(", ");
  return [
    h("span", { class: "when" }, instant(recording.startTime).toLocaleString([], { dateStyle: "short", timeStyle: "short" })),
    h("span", { class: "whom" }, `${recording.callerPhoneNumber || "unknown"} → ${recording.dialedPhoneNumber || "unknown"}`),
    h("span", { class: "length number" }, clock(length)),
    h("span", { class: "agents" }, agents),
    h("span", { class: "badges" }, ...badgesOf(recording)),
  ];
}

function badgesOf(recording) {
  const spans = recording.mediaFiles.flatMap((media) => spansOf(recording, fileIdOf(media)));
  const badges = statesOf(recording).map((state) => h("span", { class: "badge", "data-type": "state" }, state));
  for (const [type, one, many] of [["Paused", "pause", "pauses"], ["Held", "hold", "holds"], ["Gap", "gap", "gaps"], ["Redacted", "stretch taken out", "stretches taken out"]]) {
    const count = spans.filter((span) => span.type === type).length;
    if (count > 0) {
      badges.push(h("span", { class: "badge", "data-type": type }, `${count} ${count === 1 ? one : many}`));
    }
  }
  if (recording.nonDelete) {
    badges.push(h("span", { class: "badge", "data-type": "protected" }, "protected"));
  }
  if (recording.holds.length > 0) {
    badges.push(h("span", { class: "badge", "data-type": "held" }, "on legal hold"));
  }
  return [...badges, ...(recording.labels ?? []).map((label) => h("span", { class: "badge" }, label.displayName))];
}

// --- one recording ---

/** What was done to the recording that is open shows in the list too. */
function changed(recording) {
  shown = shown.map((each) => (each.id === recording.id ? recording : each));
  drawFound();
}

function erased(recording) {
  open = null;
  shown = shown.filter((each) => each.id !== recording.id);
  drawFound();
  history.replaceState(null, "", "#");
  setText(at("says"), "The recording was erased.");
  view.element.append(h("p", { class: "panel notice", id: "erased" }, `The recording ${recording.id} was erased. A signed statement of it remains.`));
  at("found-title").focus();
}

function show(recording) {
  open = recording.id;
  drawFound();
  setAttribute(at("attention"), "hidden", true);
  history.replaceState(null, "", `#${recording.id}`);
  return tried(() => {
    const done = view.show(recording);
    at("recording-title").focus({ preventScroll: true });
    at("detail").scrollIntoView({ block: "nearest" });
    return done;
  });
}

document.addEventListener("keydown", (event) => {
  const element = document.activeElement;
  const typed = TYPING.has(element.tagName) && !element.classList.contains("slider");
  const pressed = element.tagName === "BUTTON" || element.tagName === "A";
  if (event.ctrlKey || event.metaKey || event.altKey || typed || (pressed && event.key === " ")) {
    return;
  }
  if (event.key === "/") {
    search.elements.words.focus();
    event.preventDefault();
  } else if (view?.key(event)) {
    event.preventDefault();
  }
});

// --- what needs attention ---

/** The last days' recordings that are degraded, or whose pause somebody forgot. */
async function lookForConcerns() {
  const lately = new Found(api, { words: "", from: daysAgo(ATTENTION_DAYS), to: "", kind: "all" });
  const seen = [];
  for (let page = 0; page < ATTENTION_PAGES && !lately.over; page += 1) {
    seen.push(...(await lately.next()));
  }
  const { troubles } = await api.get("/reconciliation");
  const worrying = seen.map((recording) => ({ recording, concerns: concernsOf(recording, warnMs) })).filter(({ concerns }) => concerns.length > 0);
  const count = (kind) => worrying.filter(({ concerns }) => concerns.some((each) => each.kind === kind)).length;
  const nothing = worrying.length + troubles.length === 0;
  at("attention").replaceChildren(
    h("h2", {}, `The last ${ATTENTION_DAYS} days`),
    h(
      "dl",
      { class: "figures" },
      figure("recordings", `${seen.length}${lately.over ? "" : "+"}`),
      figure("with a loss", count("gap"), "gap"),
      figure("with a forgotten pause", count("pause"), "pause"),
      figure("calls without a whole recording", troubles.length, "missing"),
    ),
    h("ul", { class: "worries missing", "aria-label": "Calls without a whole recording", hidden: troubles.length === 0 }, ...troubles.slice(0, 20).map(missing)),
    h("ul", { class: "worries", "aria-label": "Recordings to look at", hidden: worrying.length === 0 }, ...worrying.slice(0, 20).map(worry)),
    h("p", { class: "hint", hidden: !nothing }, "Nothing needs attention: nothing is missing, no audio was lost and no pause was forgotten."),
    h("p", { class: "hint" }, "Choose a recording to hear it. Keys: / search, space play, ← → 5 s, J L 10 s, N P next and last pause."),
  );
}

/** A call that was to be recorded: there may be nothing to choose. */
function missing({ callUuid, text, dateTime }) {
  const when = instant(dateTime).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
  return h("li", { "data-kind": "gap" }, h("span", { class: "number id" }, callUuid), h("span", {}, `${text}; told ${when}`));
}

function figure(name, value, kind) {
  return h("div", { "data-kind": kind, "data-none": value === 0 }, h("dd", { class: "number" }, String(value)), h("dt", {}, name));
}

function worry({ recording, concerns }) {
  const whom = `${recording.callerPhoneNumber || "unknown"} → ${recording.dialedPhoneNumber || "unknown"}`;
  const when = instant(recording.startTime).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
  return h(
    "li",
    { "data-kind": concerns[0].kind },
    h("button", { type: "button", class: "row", click: () => show(recording) }, h("span", { class: "whom" }, whom), h("span", { class: "when" }, when)),
    h("span", {}, concerns.map(({ text }) => text).join("; ")),
  );
}

// --- the beginning ---

offer(at("sign-in-elsewhere"), "/recordings");
const back = cameBack();
api.me().then(enter, (error) => leave(error.signedOut ? back || WELCOME : error.message));
