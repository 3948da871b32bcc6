// What went wrong, where it cannot be overlooked: a list that stays until it is read or grows old.

import { h } from "./elements.js";

const SHOWN_MS = 20_000;
const COUNT_MAX = 4;

export class Problems {
  /** `list` is seen, `voice` is heard. */
  constructor(list, voice) {
    this.list = list;
    this.voice = voice;
  }

  show(text) {
    const item = h("li", {}, h("span", {}, text), h("button", { type: "button", class: "quiet", click: () => item.remove() }, "Dismiss"));
    this.list.append(item);
    this.voice.textContent = text;
    setTimeout(() => item.remove(), SHOWN_MS);
    while (this.list.children.length > COUNT_MAX) {
      this.list.firstElementChild.remove();
    }
  }

  clear() {
    this.list.replaceChildren();
  }
}
