// One recording in full: what it is, its players, its labels, what may be done with it, and who has heard it.

import { h, setAttribute } from "/desk/elements.js";
import { Player } from "/console/player.js";
import { clock, concernsOf, instant } from "/console/spans.js";

const ACTIONS = { play: "listened", download: "saved the audio", export: "exported", delete: "erased" };
const TOGETHER_MS = 60_000;
const WHEN = { dateStyle: "medium", timeStyle: "medium" };

export class RecordingView {
  #api;
  #permissions;
  #players = [];
  #warnMs;
  #trail = h("div", { class: "panel trail" });
  element = h("div", { class: "recording" });

  constructor(api, permissions, warnMs) {
    this.#api = api;
    this.#permissions = permissions;
    this.#warnMs = warnMs;
  }

  /** Shows this recording in place of the one before. */
  async show(recording) {
    this.clear();
    const hears = this.#permissions.has("listen");
    this.#players = hears ? recording.mediaFiles.map((media, index) => new Player(this.#api, recording, media, index)) : [];
    this.element.replaceChildren(
      this.#head(recording),
      ...this.#players.map((player) => player.element),
      ...(hears ? [] : [h("p", { class: "panel notice" }, "You may find recordings and not hear them.")]),
      this.#trail,
    );
    const trail = this.#showTrail(recording);
    for (const player of this.#players) {
      await player.draw();
    }
    await trail;
  }

  clear() {
    this.#players.forEach((player) => player.stop());
    this.#players = [];
    this.element.replaceChildren();
    this.#trail.replaceChildren();
  }

  /** A key goes to the player that has the focus, or to the first. */
  key(event) {
    const mine = this.#players.find((player) => player.element.contains(document.activeElement)) ?? this.#players[0];
    return mine?.key(event) ?? false;
  }

  #head(recording) {
    const facts = [
      ["Began", instant(recording.startTime).toLocaleString([], WHEN)],
      ["Ended", instant(recording.stopTime).toLocaleString([], WHEN)],
      ["Agents", [...new Set(recording.mediaFiles.map((media) => media.parameters.agentId))].filter(Boolean).join(", ") || "none"],
      ["Recorded", clock(recording.mediaFiles.reduce((sum, media) => sum + Number(media.duration), 0))],
    ];
    const concerns = concernsOf(recording, this.#warnMs);
    return h(
      "div",
      { class: "panel head" },
      h("h2", { id: "recording-title", tabindex: -1 }, `${recording.callerPhoneNumber || "unknown"} called ${recording.dialedPhoneNumber || "unknown"}`),
      h("dl", { class: "facts" }, ...facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      concerns.length > 0 ? h("ul", { class: "concerns" }, ...concerns.map(({ kind, text }) => h("li", { "data-kind": kind }, text))) : null,
      h("p", { class: "id number" }, recording.id),
    );
  }

  async #showTrail(recording) {
    if (!this.#permissions.has("read trail")) {
      setAttribute(this.#trail, "hidden", true);
      return;
    }
    const { trail } = await this.#api.get(`/recordings/${recording.id}/trail`);
    const lines = together(trail);
    this.#trail.replaceChildren(
      h("h2", {}, "Who has heard it"),
      lines.length === 0
        ? h("p", { class: "hint" }, "Nobody yet.")
        : h("ol", { class: "deeds" }, ...lines.map((line) => deed(line))),
    );
  }
}

/** A browser that plays asks again and again; what one person did within a minute is one line. */
export function together(trail) {
  const lines = [];
  for (const line of trail) {
    const last = lines.at(-1);
    const same = last && last.userName === line.userName && last.action === line.action && last.origin === line.origin;
    if (same && instant(last.first) - instant(line.dateTime) < TOGETHER_MS) {
      last.first = line.dateTime;
      last.times += 1;
    } else {
      lines.push({ ...line, first: line.dateTime, times: 1 });
    }
  }
  return lines;
}

function deed(line) {
  const from = Number((line.detail.about_ms ?? "").split("-")[0]);
  const place = Number.isFinite(from) && line.detail.about_ms ? ` from ${clock(from)}` : "";
  return h(
    "li",
    {},
    h("time", { datetime: line.dateTime.replace(/(\d\d)$/, ":$1") }, instant(line.dateTime).toLocaleString([], WHEN)),
    h("span", {}, `${line.userName} ${ACTIONS[line.action] ?? line.action}${place}`),
    h("span", { class: "origin number" }, line.origin),
  );
}
