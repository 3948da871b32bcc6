// Puts the desk together: page, model, news; signs in and out, and lets time pass.

import { Api } from "./api.js";
import { Buttons, SHORTCUTS } from "./buttons.js";
import { CallCard } from "./call-card.js";
import { Desk } from "./desk.js";
import { DialPad } from "./dial-pad.js";
import { h, keep, setAttribute, setText } from "./elements.js";
import { cameBack, offer } from "./elsewhere.js";
import { Events, Link } from "./events.js";
import { askAndPerform, dismiss } from "./forms.js";
import { CALL_OPERATIONS, DEVICE_OPERATIONS, inOrder, rowOf, words } from "./operations.js";
import { Problems } from "./problems.js";
import { clock, lasting, spoken } from "./timeline.js";

const TICK_MS = 250;
const BLIND_MS = 2_000; // a connection that is back sooner was never really gone
const LINKS = {
  [Link.CONNECTING]: "Connecting",
  [Link.LIVE]: "Live",
  [Link.ASKING]: "Asking every second",
  [Link.LOST]: "No connection, trying again",
};
const OFFLINE = "Offline";
const ENDED = "Your sign-in has ended. Calls and recordings go on; log in again to control them.";
const GOODBYE = "You have logged out.";
const WELCOME = "Log in with your user name of the contact centre.";

const at = (id) => document.getElementById(id);
const api = new Api();
const desk = new Desk(api, { onChange: drawSoon, onNews });
const events = new Events({ onMessage: (data) => desk.hear(data), onLink, refresh });
const problems = new Problems(at("problems"), at("calls-out"));
const dialPad = new DialPad(dial);
const phone = new Buttons(DEVICE_OPERATIONS, "Phone", (operation) => act(operation, DEVICE_OPERATIONS, null), { small: true });
const warnMs = Number(document.documentElement.dataset.pauseWarningS) * 1000;
const cards = new Map();
let asked = null; // the operation whose dialog is open
let blindSince = Date.now();
let toDraw = false;

// --- in and out ---

async function enter(me) {
  setAttribute(at("sign-in"), "hidden", true);
  setAttribute(at("desk"), "hidden", false);
  blindSince = Date.now();
  await desk.begin(me);
  events.start(api.headers);
}

function leave(why) {
  events.stop();
  dismiss();
  desk.forget({ times: why === GOODBYE });
  problems.clear();
  setAttribute(at("desk"), "hidden", true);
  setAttribute(at("sign-in"), "hidden", false);
  setText(at("sign-in-why"), why);
  const form = at("sign-in").querySelector("form");
  form.elements[form.elements.user.value ? "password" : "user"].focus();
  document.title = "Telegraphone";
}

at("sign-in").querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { user, password } = event.target.elements;
  const button = event.target.querySelector("button");
  button.disabled = true;
  setAttribute(at("sign-in-problem"), "hidden", true);
  try {
    const me = await api.signIn(user.value.trim(), password.value);
    password.value = "";
    await enter(me);
    if (!desk.signedInAtDevice && desk.device !== null) {
      await tried(() => desk.startWork());
    }
  } catch (error) {
    setText(at("sign-in-problem"), error.signedOut ? "User name or password is wrong." : error.message);
    setAttribute(at("sign-in-problem"), "hidden", false);
    password.select();
  }
  button.disabled = false;
});

at("sign-out").addEventListener("click", async () => {
  const busy = [...desk.calls.values()].some((call) => call.capabilities.length > 0);
  const goodbye = {
    title: "Log out during a call?",
    ask: "The call and its recording go on. You can log in again to control them.",
    submit: "Log out",
    fields: [],
  };
  const out = async () => {
    events.stop();
    await desk.endWork();
    leave(GOODBYE);
  };
  await (busy ? askAndPerform(goodbye, {}, out) : tried(out));
});

/** Reads everything anew; a sign-in that is over ends at the form. */
async function refresh() {
  try {
    await desk.refresh();
  } catch (error) {
    if (error.signedOut && desk.user !== null) {
      leave(ENDED);
    }
    throw error;
  }
}

// --- asking for things ---

/** Does it, shows why not, and says whether it was done. */
async function tried(doing) {
  try {
    await doing();
    return true;
  } catch (error) {
    if (error.unreachable) {
      events.doubt();
    }
    if (error.signedOut) {
      leave(ENDED);
    } else {
      problems.show(error.wrongAddress ? wrongAddress() : error.message);
    }
    return false;
  }
}

function wrongAddress() {
  return `The server does not take orders from a page at ${location.origin}. Open ${new URL(desk.user.uri).origin} instead.`;
}

function dial(number) {
  return tried(() => desk.dial(number));
}

async function act(operation, table, call) {
  const calls = [...desk.calls.values()];
  const context = { call, calls, nameOf: (number) => desk.nameOf(number) };
  const perform = (attributes) =>
    call === null ? desk.operateDevice(operation, attributes) : desk.operate(call, operation, attributes);
  asked = { operation, call: call?.id };
  await tried(() => askAndPerform(rowOf(table, operation), context, perform));
  asked = null;
}

/** A dialog about something that has become impossible is closed: its call has gone, or somebody else did it. */
function closeWhatIsMoot() {
  if (asked?.call !== undefined && at("dialog").open) {
    if (!desk.calls.get(asked.call)?.capabilities.includes(asked.operation)) {
      dismiss();
      problems.show("The call has changed; this can no longer be done.");
    }
  }
}

document.addEventListener("keydown", (event) => {
  const [operation] = Object.entries(SHORTCUTS).find(([, key]) => key === event.key) ?? [];
  if (operation === undefined || event.repeat || at("dialog").open) {
    return;
  }
  event.preventDefault();
  const names = Object.keys(SHORTCUTS).filter((name) => SHORTCUTS[name] === event.key);
  const buttons = (state) =>
    names.map((name) => document.querySelector(`article[data-state="${state}"] [data-operation="${name}"]`));
  [...buttons("Established"), ...buttons("Held")].find((button) => button !== null)?.click();
});

// --- news ---

function onNews({ text, urgent, problem }) {
  if (problem) {
    problems.show(text);
  } else {
    at(urgent ? "calls-out" : "says").textContent = text;
  }
}

function onLink(link) {
  const blind = link !== Link.LIVE && link !== Link.ASKING;
  blindSince = blind ? Math.min(blindSince, Date.now()) : Infinity;
  desk.linked(link);
}

function onLongPause(call, ms) {
  onNews({ text: `Recording has been paused for ${spoken(ms)}.`, urgent: true });
}

// --- drawing ---

function drawSoon() {
  if (!toDraw) {
    toDraw = true;
    queueMicrotask(draw);
  }
}

function draw() {
  toDraw = false;
  if (desk.user !== null) {
    drawBar();
  }
  const calls = [...desk.calls.values()].sort((one, other) => hasEnded(one) - hasEnded(other));
  const lost = at("calls").contains(document.activeElement);
  keep(at("calls"), calls, (call) => call.id, (call) => cardOf(call));
  if (lost && document.activeElement === document.body) {
    at("calls-title").focus();
  }
  setAttribute(at("no-calls"), "hidden", calls.length > 0);
  closeWhatIsMoot();
  tick();
}

function hasEnded(call) {
  return call.state === "Released";
}

function cardOf(call) {
  const card = new CallCard(desk, {
    act: (view, operation) => act(operation, CALL_OPERATIONS, view),
    warnMs,
    onLongPause,
  });
  cards.set(call.id, card);
  return card;
}

function drawBar() {
  const { user, device } = desk;
  setText(at("who-name"), `${user.firstName} ${user.lastName}`.trim() || user.userName);
  setText(at("who-number"), device?.phoneNumber ?? "");
  setText(at("link"), LINKS[desk.link]);
  setAttribute(at("link"), "data-link", desk.link);
  keep(at("states"), stateChoices(), (choice) => choice.operation, stateButton);
  keep(at("contacts"), desk.contacts, (contact) => contact.id, contactOption);
  setAttribute(at("phone"), "hidden", device === null);
  setText(at("phone-line"), device === null ? "" : phoneLine(device));
  phone.update(device?.capabilities ?? []);
  dialPad.update(desk.signedInAtDevice);
}

function phoneLine(device) {
  const facts = [
    `${device.phoneNumber}, ${device.deviceState === "Active" ? "in use by you" : "not in use"}`,
    device.doNotDisturb === "On" ? "do not disturb" : "",
    device.forwardTo ? `calls go to ${device.forwardTo}` : "",
    device.supervisorMonitoringState ? `monitoring: ${words(device.supervisorMonitoringState.mode ?? "on")}` : "",
  ];
  return facts.filter((fact) => fact !== "").join(" · ");
}

/** The states to choose from; before work has started there is only that. */
function stateChoices() {
  if (desk.device === null) {
    return [];
  }
  if (!desk.signedInAtDevice) {
    return [{ operation: "start", label: "Start work", pressed: undefined, go: () => desk.startWork() }];
  }
  const { userState } = desk.device;
  return desk.agentStates.map((state) => ({
    operation: state.operationName,
    label: state.operationName === OFFLINE ? "Offline" : words(state.displayName.replaceAll(" ", "")),
    pressed: String(state.id === userState.id),
    go: () => desk.setState(state.operationName),
  }));
}

function stateButton() {
  let choice;
  const element = h("button", { type: "button", click: () => tried(() => choice.go()) });
  return {
    element,
    update(next) {
      choice = next;
      setText(element, choice.label);
      setAttribute(element, "data-state-operation", choice.operation);
      setAttribute(element, "aria-pressed", choice.pressed);
      setAttribute(element, "class", choice.operation === "start" ? "go" : undefined);
    },
  };
}

function contactOption() {
  const element = h("option");
  return {
    element,
    update(contact) {
      setAttribute(element, "value", contact.phoneNumbers[0].phoneNumber);
      setAttribute(element, "label", contact.name);
    },
  };
}

function tick() {
  const now = Date.now();
  desk.tick(now);
  const sure = now - blindSince < BLIND_MS;
  for (const call of desk.calls.values()) {
    cards.get(call.id)?.tick(now, sure);
  }
  for (const id of [...cards.keys()].filter((each) => !desk.calls.has(each))) {
    cards.delete(id);
  }
  document.title = `${headline(now, sure)}Telegraphone`;
}

/** What the tab says when only the tab is to be seen. */
function headline(now, sure) {
  const call = [...desk.calls.values()].find((each) => each.state === "Established") ?? [...desk.calls.values()][0];
  if (call?.recordingState === undefined || call.capabilities.length === 0) {
    return "";
  }
  if (!sure) {
    return "? ";
  }
  const timeline = desk.timelines.get(call.callUuid);
  const heads = { Recording: "● Recording · ", Paused: `❚❚ Paused ${clock(lasting(timeline, now).ms)} · `, Stopped: "" };
  return heads[call.recordingState];
}

// --- the beginning ---

at("dial").append(dialPad.element);
at("phone-operations").append(phone.element);
setInterval(tick, TICK_MS);
window.addEventListener("pagehide", () => desk.user && desk.remember());
offer(at("sign-in-elsewhere"), "/");
const back = cameBack();
api.me().then(enter, (error) => leave(error.signedOut ? back || WELCOME : error.message));
