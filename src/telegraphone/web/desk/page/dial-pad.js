// The dial pad: a number, twelve keys and a button.

import { h } from "./elements.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LETTERS = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+" };
const NAMES = { "*": "star", "#": "hash" };

/** Twelve keys that write into an input. */
export function keypad(input) {
  const press = (key) => {
    input.setRangeText(key, input.selectionStart ?? input.value.length, input.selectionEnd ?? input.value.length, "end");
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const keys = KEYS.map((key) =>
    h(
      "button",
      { type: "button", "aria-label": NAMES[key], click: () => press(key) },
      h("span", {}, key),
      h("small", { "aria-hidden": "true" }, LETTERS[key] ?? ""),
    ),
  );
  return h("div", { class: "keypad", role: "group", "aria-label": "Keypad" }, ...keys);
}

/** The pad; `dial(number)` is awaited, and the number is wiped when it succeeded. */
export class DialPad {
  constructor(dial) {
    this.input = h("input", { type: "tel", autocomplete: "off", list: "contacts", maxlength: 128, required: true });
    this.button = h("button", { type: "submit", class: "go" }, "Call");
    this.element = h("form", { class: "dial" }, h("label", {}, "Number or name ", this.input), keypad(this.input), this.button);
    this.element.addEventListener("submit", async (event) => {
      event.preventDefault();
      this.button.disabled = true;
      if (await dial(this.input.value.trim())) {
        this.input.value = "";
      }
      this.update(this.possible);
    });
  }

  /** Whether there is a phone to call from. */
  update(possible) {
    this.possible = possible;
    this.button.disabled = !possible;
  }
}
