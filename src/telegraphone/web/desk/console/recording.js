// One recording in full: what it is, its players, what may be done with it, and who has heard it and done what to it.

import { h, setAttribute } from "/desk/elements.js";
import { Care } from "/console/care.js";
import { Player } from "/console/player.js";
import { clock, concernsOf, fileIdOf, instant } from "/console/spans.js";

const ACTIONS = { play: "listened", download: "saved the audio", export: "exported", delete: "erased", report: "read a report", redact: "took a stretch out", "redact conversation": "took a stretch out of the whole conversation", "state purpose": "said what for" };
const TOGETHER_MS = 60_000;
const WHEN = { dateStyle: "medium", timeStyle: "medium" };

export class RecordingView {
  #api;
  #permissions;
  #purposeRequired;
  #told = new Map();
  #players = [];
  #redact;
  #warnMs;
  #care;
  #recording = null;
  #changed;
  #trail = h("div", { class: "panel trail" });
  element = h("div", { class: "recording" });

  /** `changed(recording)` is told of what was done to the one that is shown, `erased(recording)` of its end. */
  constructor(api, { permissions, purposeRequired }, warnMs, changed, erased) {
    this.#api = api;
    this.#permissions = permissions;
    this.#purposeRequired = purposeRequired;
    this.#warnMs = warnMs;
    this.#changed = changed;
    this.#care = new Care(api, permissions, (what) => this.#again(what), (recording) => (this.clear(), erased(recording)));
  }

  /** Shows this recording in place of the one before. */
  async show(recording) {
    this.clear();
    this.#recording = recording;
    const mayHear = this.#permissions.has("listen");
    const waits = mayHear && this.#purposeRequired && !this.#told.has(recording.id);
    const hears = mayHear && !waits;
    this.#redact = this.#permissions.has("redact") ? (media, ms) => this.#care.redact(media, ms) : undefined;
    this.#players = hears ? recording.mediaFiles.map((media, index) => new Player(this.#api, recording, media, index, this.#redact)) : [];
    this.#care.show(recording, waits);
    this.element.replaceChildren(
      this.#head(recording),
      ...this.#players.map((player) => player.element),
      ...(mayHear ? [] : [h("p", { class: "panel notice" }, "You may find recordings and not hear them.")]),
      ...(waits ? [this.#purpose(recording)] : []),
      this.#care.element,
      this.#trail,
    );
    const trail = this.#showTrail(recording);
    for (const player of this.#players) {
      await player.draw();
    }
    await trail;
    if (hears) {
      await this.#offerMended(recording);
    }
  }

  /** Other recorders of the call may have what a media file lacks. */
  async #offerMended(recording) {
    const { conversation } = await this.#api.get(`/recordings/${recording.id}/conversation`);
    for (const mended of conversation.mended) {
      const index = recording.mediaFiles.findIndex((media) => fileIdOf(media) === mended.mediaFileId);
      if (this.#recording === recording && index >= 0) {
        const others = conversation.recordings.map(({ id }) => id).filter((id) => id !== recording.id);
        this.#players[index].offer(async (on) => {
          await this.#stateFor(others, this.#told.get(recording.id));
          await this.#mend(recording, index, mended, on);
        });
      }
    }
  }

  /** What a recording is heard for is also what those are that are heard with it. */
  async #stateFor(ids, purpose) {
    const untold = this.#purposeRequired ? ids.filter((id) => !this.#told.has(id)) : [];
    await Promise.all(untold.map((id) => this.#state(id, purpose)));
  }

  /** Puts one player in the place of another, at the same moment of the call. */
  async #mend(recording, index, mended, on) {
    const before = this.#players[index];
    const player = new Player(this.#api, recording, recording.mediaFiles[index], index, this.#redact, on ? mended : null);
    this.#players[index] = player;
    before.element.replaceWith(player.element);
    before.stop();
    player.offer((again) => this.#mend(recording, index, mended, again)).focus();
    player.seek(before.at + (on ? 1 : -1) * Number(mended.offset));
    await player.draw();
  }

  /** Asks what the recording is heard for, where the contact centre wants to know. */
  #purpose(recording) {
    const input = h("input", { autocomplete: "off", maxlength: 256, required: true });
    const problem = h("p", { class: "problem", role: "alert", hidden: true });
    const form = h(
      "form",
      { class: "panel purpose" },
      h("label", {}, "What do you hear it for? ", input),
      h("button", { type: "submit", class: "go" }, "Go on"),
      h("p", { class: "hint" }, "It is written down with everything that you hear and take out of it today."),
      problem,
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await this.#state(recording.id, input.value.trim());
        await this.show(recording);
      } catch (error) {
        problem.textContent = error.message;
        problem.hidden = false;
      }
    });
    return form;
  }

  async #state(id, purpose) {
    await this.#api.post(`/recordings/${id}`, "statePurpose", { purpose });
    this.#told.set(id, purpose);
  }

  /** Something was done to the recording: it is read anew, and drawn anew where it sounds different. */
  async #again({ heard = false }) {
    const { recording } = await this.#api.get(`/recordings/${this.#recording.id}?subresources=labels`);
    this.#recording = recording;
    this.#changed(recording);
    if (heard) {
      this.show(recording);
    } else {
      this.#care.show(recording, this.#purposeRequired && !this.#told.has(recording.id));
      await this.#showTrail(recording);
    }
  }

  clear() {
    this.#recording = null;
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
      h("h2", {}, "Who has heard it, and what was done to it"),
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
    const heard = ["play", "download"].includes(line.action);
    const same = heard && last && last.userName === line.userName && last.action === line.action && last.origin === line.origin;
    if (same && instant(last.first) - instant(line.dateTime) < TOGETHER_MS) {
      last.first = line.dateTime;
      last.times += 1;
    } else {
      lines.push({ ...line, first: line.dateTime, times: 1 });
    }
  }
  return lines;
}

/** What a line of the trail says, as people say it. */
export function saidOf(line) {
  const { action, result, detail } = line;
  if (result === "refused") {
    return `was refused: ${action}`;
  }
  const about = detail.matter ?? (line.subject.startsWith("matter ") ? line.subject.slice(7) : "");
  const doing = {
    hold: result === "released" ? `ended the hold for ${about}` : `held it for ${about}`,
    protect: "protected it",
    unprotect: "ended the protection",
    "add label": `labelled it ${detail.name}`,
    "delete label": `took the label ${detail.name} off`,
  };
  const begun = result === "begun" && ["redact", "redact conversation", "delete"].includes(action) ? ", begun" : "";
  return `${doing[action] ?? ACTIONS[action] ?? action}${begun}`;
}

function deed(line) {
  const from = Number((line.detail.about_ms ?? "").split("-")[0]);
  const place = Number.isFinite(from) && line.detail.about_ms ? ` from ${clock(from)}` : "";
  const why = line.detail.purpose ? `: ${line.detail.purpose}` : "";
  return h(
    "li",
    {},
    h("time", { datetime: line.dateTime.replace(/(\d\d)$/, ":$1") }, instant(line.dateTime).toLocaleString([], WHEN)),
    h("span", {}, `${line.userName} ${saidOf(line)}${place}${why}`),
    h("span", { class: "origin number" }, line.origin),
  );
}
