// Packages of many recordings: how far each is, where it is fetched, and how it is stopped.

import { h, keep, setAttribute, setText } from "/desk/elements.js";
import { instant } from "/console/spans.js";

const LOOK_MS = 1_500;
const STATES = { preparing: "is being prepared", ready: "is ready, for seven days", failed: "failed" };

export class Exports {
  #api;
  #list = h("ul", { class: "exports" });
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  #looking = 0;
  element;

  /** `place` is filled, and hidden while there is none. */
  constructor(api, place) {
    this.#api = api;
    this.element = place;
    place.replaceChildren(h("h2", {}, "Packages of many recordings"), this.#list, this.#problem);
  }

  /** Begins a package of all that `criteria` find, or of these `recordings`. */
  async begin(order) {
    await this.#api.create("/exports", order);
    await this.look();
  }

  /** Looks now, and again and again while something is being prepared. */
  async look() {
    clearTimeout(this.#looking);
    const { exports } = await this.#api.get("/exports");
    setAttribute(this.element, "hidden", exports.length === 0);
    keep(this.#list, exports, (each) => each.id, (each) => this.#row(each));
    if (exports.some((each) => each.state === "preparing")) {
      this.#looking = setTimeout(() => this.look().catch((error) => this.#fails(error)), LOOK_MS);
    }
  }

  stop() {
    clearTimeout(this.#looking);
  }

  #row(one) {
    const said = h("span", {});
    const bar = h("progress", { max: 1, "aria-label": "Recordings looked through" });
    const fetch = h("a", { class: "button", href: `/api/v2/exports/${one.id}/package`, download: `export-${one.id}.zip` }, "Save");
    const end = h("button", { type: "button", click: () => this.#end(one.id) });
    return {
      element: h("li", {}, said, bar, fetch, end),
      update(next) {
        const when = instant(next.createdTime).toLocaleString([], { dateStyle: "short", timeStyle: "short" });
        const why = next.reason ? `: ${next.reason}` : "";
        setText(said, `${next.recordings} recordings, ${next.userName}, ${when}: ${next.done} looked through. It ${STATES[next.state]}${why}.`);
        bar.max = next.recordings;
        bar.value = next.done;
        setAttribute(bar, "hidden", next.state !== "preparing");
        setAttribute(fetch, "hidden", next.state !== "ready");
        setText(end, next.state === "preparing" ? "Cancel" : "Remove");
      },
    };
  }

  async #end(id) {
    this.#problem.hidden = true;
    try {
      await this.#api.delete(`/exports/${id}`);
      await this.look();
    } catch (error) {
      this.#fails(error);
    }
  }

  #fails(error) {
    setText(this.#problem, error.message);
    this.#problem.hidden = false;
  }
}
