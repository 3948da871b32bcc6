// The dialogs: one form for whatever an operation must be told, made from the kinds of fields that its row names.

import { keypad } from "./dial-pad.js";
import { freshId, h } from "./elements.js";
import { numbersOf } from "./desk.js";

/** What somebody typed cannot be meant; the text says why. */
class NotUnderstood extends Error {}

const SERVERS_OWN = /^GSIP_REC/;

/**
 * What an operation needs to be told, asked for in a dialog only where there is a choice. `perform(attributes)` does it;
 * its failure is shown in the dialog, which then stays.
 */
export async function askAndPerform(row, context, perform) {
  const fields = (row.fields ?? []).map((kind) => FIELDS[kind](context));
  if (row.ask === undefined && fields.every((field) => field.only !== undefined)) {
    await perform(Object.assign({}, ...fields.map((field) => field.only)));
    return;
  }
  await asked(row, fields, perform);
}

const dialog = () => document.getElementById("dialog");

/** Closes the dialog, whoever asked for it. */
export function dismiss() {
  dialog().close();
}

/**
 * Asks in a dialog, `row` being `{title, ask?, submit, tone?}`; each of `fields` is `{element, read() → attributes}`. What
 * `perform(attributes)` throws is shown, and the dialog stays.
 */
export function asked(row, fields, perform) {
  const problem = h("p", { class: "problem", role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: row.tone === "end" ? "end" : "go" }, row.submit);
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: "dialog-title" }, row.title),
    row.ask ? h("p", {}, row.ask) : null,
    ...fields.map((field) => field.element),
    problem,
    h("div", { class: "buttons end-of-form" }, h("button", { type: "button", click: dismiss }, "Cancel"), submit),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await perform(Object.assign({}, ...fields.map((field) => field.read())));
      dismiss();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    submit.disabled = false;
  });
  const opener = document.activeElement;
  dialog().replaceChildren(form);
  dialog().showModal();
  return new Promise((resolve) => {
    dialog().addEventListener(
      "close",
      () => {
        dialog().replaceChildren();
        opener?.isConnected && opener.focus();
        resolve();
      },
      { once: true },
    );
  });
}

/** Each makes, from `{call, calls, nameOf}`, `{element, read() → attributes, only?}`; `only` answers without being asked. */
const FIELDS = {
  destination: () => number((phoneNumber) => ({ destination: { phoneNumber } })),
  plainDestination: () => number((destination) => ({ destination })),
  targetDevice() {
    const input = h("input", { type: "url", autocomplete: "off", required: true });
    return {
      element: h("label", {}, "Link of the agent's device ", input),
      read: () => ({ targetDeviceUri: input.value.trim() }),
    };
  },
  consultCall: ({ call, calls }) => otherCall(call, calls, "consultCallUri", {}),
  otherCall: ({ call, calls }) => otherCall(call, calls, "otherCallUri"),
  participant: ({ call, nameOf }) =>
    chosen("Participant", numbersOf(call).map((each) => [nameOf(each), { participant: each }]), { always: true }),
  digits() {
    const input = h("input", { type: "text", inputmode: "tel", autocomplete: "off", pattern: "[0-9*#A-Da-d]+", required: true });
    return {
      element: h("div", {}, h("label", {}, "Tones ", input), keypad(input)),
      read: () => ({ digits: input.value.toUpperCase() }),
    };
  },
  pair: () => pair("", undefined, true),
  changedPair: ({ call }) => changedPair(call.userData ?? {}),
  key: ({ call }) =>
    chosen("Entry", ownKeys(call.userData ?? {}).map((key) => [key, { key }]), { always: true }),
  anything() {
    const area = h("textarea", { rows: 4, spellcheck: "false", placeholder: "{}" });
    return {
      element: h("label", {}, "Attributes, as a JSON object ", area),
      read: () => anObject(area.value.trim() || "{}"),
    };
  },
};

function number(attributes) {
  const input = h("input", { type: "tel", autocomplete: "off", list: "contacts", maxlength: 128, required: true });
  return {
    element: h("label", {}, "Number or name ", input),
    read: () => attributes(input.value.trim()),
  };
}

/** A choice among `[text, attributes]`; with one option there is nothing to ask, unless it is to be `always` confirmed. */
function chosen(label, options, { always = false } = {}) {
  const select = h("select", { required: true }, ...options.map(([text], index) => h("option", { value: index }, text)));
  return {
    element: h("label", {}, `${label} `, select),
    read() {
      if (options.length === 0) {
        throw new NotUnderstood("There is nothing to choose from.");
      }
      return options[Number(select.value)][1];
    },
    only: options.length === 1 && !always ? options[0][1] : undefined,
  };
}

function otherCall(call, calls, name, otherwise) {
  const others = calls.filter((each) => each.id !== call.id && each.capabilities.length > 0);
  const options = others.map((each) => [`${numbersOf(each).join(", ")}, ${each.state}`, { [name]: each.uri }]);
  const field = chosen("Call", options);
  return options.length < 2 && otherwise ? { ...field, only: otherwise } : field;
}

function changedPair(userData) {
  const keys = ownKeys(userData);
  if (keys.length === 0) {
    return pair("", undefined, true);
  }
  const select = h("select", {}, ...keys.map((key) => h("option", {}, key)));
  const place = h("div");
  let value;
  const follow = () => {
    value = pair(select.value, userData[select.value], false);
    place.replaceChildren(value.element);
  };
  select.addEventListener("change", follow);
  follow();
  return { element: h("div", {}, h("label", {}, "Entry ", select), place), read: () => value.read() };
}

function pair(key, was, asksKey) {
  const hint = freshId("hint");
  const name = h("input", { autocomplete: "off", value: key, required: true });
  const area = h("textarea", { rows: 3, spellcheck: "false", "aria-describedby": hint });
  area.value = was === undefined ? "" : textOf(was);
  return {
    element: h(
      "div",
      {},
      asksKey ? h("label", {}, "Name ", name) : null,
      h("label", {}, "Value ", area),
      h("p", { id: hint, class: "hint" }, "Text; or a JSON object or list."),
    ),
    read: () => ({ userData: { [name.value]: valueOf(area.value, was) } }),
  };
}

function ownKeys(userData) {
  return Object.keys(userData).filter((key) => !SERVERS_OWN.test(key));
}

/** A value of user data as people read it: text as it is, everything else as JSON. */
export function textOf(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}

/** The other way round: what was no text before stays none, if it can. */
function valueOf(text, was) {
  if (/^\s*[[{]/.test(text)) {
    return parsed(text);
  }
  if (was !== undefined && typeof was !== "string") {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

function anObject(text) {
  const value = parsed(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new NotUnderstood("This must be a JSON object, such as {\"key\": \"value\"}.");
  }
  return value;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new NotUnderstood("This begins like JSON and is none.");
  }
}
