// What waits for a second person: who asked for what, and the buttons of whoever may approve it.

import { h, keep, setAttribute, setText } from "/desk/elements.js";
import { instant } from "/console/spans.js";

const DEEDS = { delete: "erase recording", export: "take out", hold: "end the hold", "rotate key": "a new wrapping key for", "back up keys": "a back-up of all keys, asked for in" };
const COMMANDS = { "rotate key": "rotate", "back up keys": "backup" };

export class Approvals {
  #api;
  #me;
  #list = h("ul", { class: "exports" });
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  element;

  /** `place` is filled, and hidden while nothing waits; `me` is the user name of who looks. */
  constructor(api, place, me) {
    this.#api = api;
    this.#me = me;
    this.element = place;
    place.replaceChildren(h("h2", {}, "What needs a second person"), this.#list, this.#problem);
  }

  async look() {
    const { approvals } = await this.#api.get("/approvals");
    setAttribute(this.element, "hidden", approvals.length === 0);
    keep(this.#list, approvals, (each) => each.id, (each) => this.#row(each));
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
        const how = COMMANDS[next.action] ? `telegraphone key ${COMMANDS[next.action]} --approval ${next.id} does it` : "whoever asked can do it";
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
