// What needs a second person: who asked for what, the buttons of whoever may approve it, and what an administrator may ask for
// that is done to keys.

import { h, keep, setAttribute, setText } from "/desk/elements.js";
import { asked } from "/desk/forms.js";
import { instant } from "/console/spans.js";

const DEEDS = { delete: "erase recording", export: "take out", hold: "end the hold", "rotate key": "a new wrapping key for", "back up keys": "a back-up of all keys, asked for in" };
const KEY_DEEDS = {
  "rotate key": {
    command: "rotate",
    button: "Ask for a new wrapping key…",
    title: "A new wrapping key",
    ask: "Recordings get a new wrapping key, which has to be backed up; none is changed, and all still open.",
  },
  "back up keys": {
    command: "backup",
    button: "Ask for a back-up of the keys…",
    title: "A back-up of the keys",
    ask: "All keys are written to a file under a passphrase. Whoever has both opens every recording.",
  },
};

export class Approvals {
  #api;
  #me;
  #list = h("ul", { class: "exports" });
  #wishes = h("div", { class: "buttons" });
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  element;

  /** `place` is filled, and hidden while nothing waits or may be asked for; `me` is the user name of who looks. */
  constructor(api, place, me) {
    this.#api = api;
    this.#me = me;
    this.element = place;
    place.replaceChildren(h("h2", {}, "What needs a second person"), this.#list, this.#wishes, this.#problem);
  }

  async look() {
    const { approvals, keyDeeds } = await this.#api.get("/approvals");
    setAttribute(this.element, "hidden", approvals.length + keyDeeds.length === 0);
    keep(this.#list, approvals, (each) => each.id, (each) => this.#row(each));
    keep(this.#wishes, keyDeeds, (each) => each, (each) => this.#wish(each));
  }

  #wish(action) {
    const { button, title, ask } = KEY_DEEDS[action];
    const row = { title, ask: `${ask} Another administrator has to approve it here; then it is done on the machine.`, submit: "Ask for it" };
    const wish = async () => {
      await this.#api.create("/approvals", { action });
      await this.look();
    };
    return { element: h("button", { type: "button", click: () => asked(row, [], wish) }, button), update() {} };
  }

  #row(wish) {
    const path = `/approvals/${wish.id}`;
    const said = h("span", {});
    const approve = h("button", { type: "button", class: "go", click: () => this.#tried(() => this.#api.post(path, "approve")) }, "Approve");
    const drop = h("button", { type: "button", click: () => this.#tried(() => this.#api.delete(path)) });
    const mine = wish.userName === this.#me;
    setText(drop, mine ? "Take it back" : "Refuse");
    return {
      element: h("li", {}, said, mine ? null : approve, drop),
      update(next) {
        const when = instant(next.dateTime).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
        const how = KEY_DEEDS[next.action] ? `telegraphone key ${KEY_DEEDS[next.action].command} --approval ${next.id} does it` : "whoever asked can do it";
        const done = next.approvedBy ? ` ${next.approvedBy} has approved it: ${how} now.` : "";
        setText(said, `${next.userName}, ${when}: ${DEEDS[next.action] ?? next.action} ${next.subject}.${done}`);
        setAttribute(approve, "hidden", Boolean(next.approvedBy));
      },
    };
  }

  async #tried(doing) {
    this.#problem.hidden = true;
    try {
      await doing();
      await this.look();
    } catch (error) {
      setText(this.#problem, error.message);
      this.#problem.hidden = false;
    }
  }
}
