// Shows one button for each operation that may be asked for now, and sees to it that a hand or a keyboard in a hurry does
// not hit a button that has just appeared in another's place: Pause and Resume must never be pressed by one double click.

import { h, keep, setAttribute } from "./elements.js";
import { inOrder, rowOf } from "./operations.js";

const SETTLE_MS = 600;

export class Buttons {
  #started = false;

  /** `act(operation, button)` is awaited; while it runs, the button is busy. `label` names the group, which `small` sets back. */
  constructor(table, label, act, { small = false } = {}) {
    this.table = table;
    this.act = act;
    this.element = h("div", { class: small ? "buttons small" : "buttons", role: "group", "aria-label": label });
  }

  /** Shows the buttons of these operations and no others. */
  update(operations) {
    const names = inOrder(this.table, operations);
    const focused = this.element.contains(document.activeElement) ? document.activeElement.dataset.operation : undefined;
    keep(this.element, names, (name) => name, (name) => this.#button(name));
    this.#started = true;
    setAttribute(this.element, "hidden", names.length === 0);
    if (focused !== undefined && !names.includes(focused)) {
      this.#passOn(rowOf(this.table, focused).then);
    }
  }

  #button(name) {
    const row = rowOf(this.table, name);
    const button = h("button", { type: "button", class: row.tone, "data-operation": name }, row.label);
    if (SHORTCUTS[name]) {
      setAttribute(button, "aria-keyshortcuts", SHORTCUTS[name]);
      button.append(h("kbd", { "aria-hidden": "true" }, SHORTCUTS[name]));
    }
    button.addEventListener("click", () => this.#press(name, button));
    if (this.#started) {
      setAttribute(button, "aria-disabled", "true");
      setTimeout(() => setAttribute(button, "aria-disabled", false), SETTLE_MS);
    }
    return { element: button, update() {} };
  }

  async #press(name, button) {
    if (button.getAttribute("aria-disabled") === "true" || button.getAttribute("aria-busy") === "true") {
      return;
    }
    setAttribute(button, "aria-busy", "true");
    try {
      await this.act(name, button);
    } finally {
      setAttribute(button, "aria-busy", false);
    }
  }

  #passOn(next) {
    const button = next && this.element.querySelector(`[data-operation="${next}"]`);
    (button ?? this.element.closest("[tabindex]"))?.focus({ preventScroll: true });
  }
}

/** Keys that press a button wherever the focus is. */
export const SHORTCUTS = { PauseCallRecording: "F8", ResumeCallRecording: "F8" };
