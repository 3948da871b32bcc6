// The user data of a call: names and values as they are, with the buttons to change them.

import { Buttons } from "./buttons.js";
import { h, keep, setText } from "./elements.js";
import { textOf } from "./forms.js";
import { CALL_OPERATIONS } from "./operations.js";

export class UserData {
  constructor(act) {
    this.summary = h("summary");
    this.rows = h("tbody");
    this.buttons = new Buttons(CALL_OPERATIONS, "User data", act, { small: true });
    const head = h("tr", { class: "unseen" }, h("th", { scope: "col" }, "Name"), h("th", { scope: "col" }, "Value"));
    this.element = h(
      "details",
      { class: "user-data" },
      this.summary,
      h("table", {}, h("thead", {}, head), this.rows),
      this.buttons.element,
    );
  }

  update(userData, operations) {
    const own = ([key]) => key.startsWith("GSIP_");
    const entries = Object.entries(userData).sort((one, other) => own(one) - own(other)); // the server's own come last
    setText(this.summary, `User data (${entries.length})`);
    keep(this.rows, entries, ([key]) => key, rowView);
    this.buttons.update(operations);
  }
}

function rowView() {
  const name = h("th", { scope: "row" });
  const value = h("td");
  return {
    element: h("tr", {}, name, value),
    update([key, said]) {
      setText(name, key);
      setText(value, textOf(said));
    },
  };
}
