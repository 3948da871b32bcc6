// What is said of a recording, what keeps it, and how it leaves or ends: labels, protection, holds, export, reports, the end.
// What cannot be undone is said before it is asked.

import { freshId, h } from "/desk/elements.js";
import { asked } from "/desk/forms.js";
import { clock, exactly, fileIdOf, instant, placeOf } from "/console/spans.js";

const SUGGESTED_MS = 10_000;
const IN_PART = 7;
const WARNED = new Intl.PluralRules("en");

export class Care {
  #api;
  #may;
  #recording = null;
  #changed;
  #erased;
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  element = h("section", { class: "panel care", "aria-labelledby": "care-title" });

  /** `changed()` is called when the recording is another than before, `erased(recording)` when there is none any more. */
  constructor(api, permissions, changed, erased) {
    this.#api = api;
    this.#may = (action) => permissions.has(action);
    this.#changed = changed;
    this.#erased = erased;
  }

  /** `waits`: nothing is taken out of it before it was said what for. */
  show(recording, waits) {
    this.#recording = recording;
    this.element.replaceChildren(
      h("h2", { id: "care-title" }, "What is said of it, and what keeps it"),
      this.#labels(),
      this.#keeping(),
      this.#leaving(waits),
      this.#problem,
    );
  }

  /** Asks what is to be taken out of a media file, from this place on. */
  async redact(media, ms) {
    const length = Number(media.duration);
    const { conversation } = await this.#api.get(`${this.#path}/conversation`);
    const count = conversation.recordings.length;
    const everywhere = h("input", { type: "checkbox", checked: count > 1 });
    const from = text("From (minutes:seconds)", exactly(ms), { inputmode: "decimal" });
    const to = text("To (minutes:seconds)", exactly(Math.min(length, ms + SUGGESTED_MS)), { inputmode: "decimal" });
    const reason = text("Reason, kept with the recording", "", { maxlength: 256 });
    const row = {
      title: "Take a stretch out for ever",
      ask:
        "What was said there becomes silence, for both parties and in every copy: the audio is sealed anew and the old keys are destroyed. " +
        "Nobody can bring it back. The recording stays and shows the stretch, your name and the reason." +
        (count > 1 ? ` The conversation has ${count} recordings, and what was said may be in each of them.` : ""),
      submit: "Take it out",
      tone: "end",
    };
    const all = { element: h("label", { class: "inline" }, everywhere, " In every recording of this conversation") };
    const fields = [from, to, reason, ...(count > 1 ? [all] : [])];
    return asked(row, fields.map(({ element }) => ({ element, read: () => ({}) })), async () => {
      const [start, stop] = [placeOf(from.value()), placeOf(to.value())];
      if (!(start < stop && stop <= length + 100)) {
        throw new Error(`Write two places up to ${exactly(length)}, such as 1:02.5, the later one last.`);
      }
      await this.#takeOut(media, [start, Math.min(stop, length)], reason.value(), everywhere.checked);
      await this.#changed({ heard: true });
    });
  }

  async #takeOut(media, [start, stop], reason, everywhere) {
    if (!everywhere) {
      await this.#api.post(this.#path, "redact", { start, stop, reason, mediaFileId: fileIdOf(media) });
      return;
    }
    const [startTime, endTime] = [start, stop].map((ms) => new Date(instant(media.startTime).getTime() + ms).toISOString());
    try {
      await this.#api.post(this.#path, "redactConversation", { startTime, endTime, reason });
    } catch (error) {
      throw error.statusCode === IN_PART ? new Error("It is out of some of the recordings and not of all. Ask again to finish it.") : error;
    }
  }

  get #path() {
    return `/recordings/${this.#recording.id}`;
  }

  // --- labels ---

  #labels() {
    const labels = this.#recording.labels ?? [];
    const list = labels.map((label) =>
      h(
        "li",
        { class: "label" },
        h("b", {}, label.displayName),
        label.value ? h("span", {}, label.value) : null,
        this.#may("delete label") ? this.#button("×", () => this.#api.delete(label.path), { "aria-label": `Take ${label.displayName} off` }) : null,
      ),
    );
    const add = this.#may("add label") ? h("button", { type: "button", click: () => this.#addLabel() }, "Add a label…") : null;
    return h("div", { class: "row-of" }, h("ul", { class: "labels", "aria-label": "Labels" }, ...list), add);
  }

  async #addLabel() {
    const { recordingLabelDefinitions } = await this.#api.get("/recording-label-definitions?fields=*");
    const names = recordingLabelDefinitions.map(({ name }) => name);
    const list = freshId("labels");
    const name = text("Label", "", { list, maxlength: 64 });
    const value = text("Value, if it has one", "", { maxlength: 1024, required: false });
    const known = h("datalist", { id: list }, ...names.map((each) => h("option", { value: each })));
    const mayDefine = this.#may("define label");
    const row = {
      title: "Add a label",
      ask: mayDefine ? "A label that nobody has used before is defined for the whole contact centre." : "Choose one that is defined.",
      submit: "Add",
    };
    const fields = [name, value].map(({ element }) => ({ element, read: () => ({}) }));
    return asked(row, [{ element: known, read: () => ({}) }, ...fields], async () => {
      const wanted = name.value();
      if (mayDefine && !names.includes(wanted)) {
        await this.#api.create("/recording-label-definitions", { name: wanted });
        names.push(wanted);
      }
      await this.#api.create(`${this.#path}/labels`, { name: wanted, value: value.value() });
      await this.#changed({});
    });
  }

  // --- what keeps it ---

  #keeping() {
    const { nonDelete, holds } = this.#recording;
    const lines = [];
    if (nonDelete) {
      lines.push(h("li", {}, h("span", {}, "Protected from deletion."), this.#may("unprotect") ? this.#operation("End the protection", "removeNonDelete") : null));
    } else if (this.#may("protect")) {
      lines.push(h("li", {}, h("span", {}, "Not protected from deletion."), this.#operation("Protect", "applyNonDelete")));
    }
    for (const matter of holds) {
      const end = this.#may("hold") ? this.#button("End this hold", () => this.#api.post(this.#path, "releaseHold", { matter })) : null;
      lines.push(h("li", { class: "hold" }, h("span", {}, `Held for ${matter}. Nothing of it can be destroyed meanwhile.`), end));
    }
    const hold = this.#may("hold") ? h("button", { type: "button", click: () => this.#hold() }, "Hold it…") : null;
    return h("div", { class: "row-of" }, h("ul", { class: "keeping", "aria-label": "What keeps it" }, ...lines), hold);
  }

  #hold() {
    const matter = text("Matter", "", { maxlength: 128 });
    const row = {
      title: "Hold it for a matter",
      ask: "While it is held, nobody can erase it or take anything out of it, and no retention ends it. It may be held for any number of matters.",
      submit: "Hold",
    };
    return asked(row, [{ element: matter.element, read: () => ({ matter: matter.value() }) }], async (attributes) => {
      await this.#api.post(this.#path, "placeHold", attributes);
      await this.#changed({});
    });
  }

  #operation(words, operationName) {
    return this.#button(words, () => this.#api.post(this.#path, operationName));
  }

  // --- how it leaves, and how it ends ---

  #leaving(waits) {
    const parts = [];
    if (this.#may("export") && !waits) {
      const link = (words, query) => h("a", { class: "button", href: `/api/v2${this.#path}/export${query}`, download: `${this.#recording.id}.zip` }, words);
      parts.push(link("Export", ""), link("Export with what was sealed", "?sealed=true"));
    }
    if (this.#may("read trail")) {
      parts.push(h("button", { type: "button", click: () => this.#report("pauses", "Report of pauses") }, "Report of pauses"));
      parts.push(h("button", { type: "button", click: () => this.#report("completeness", "Certificate of completeness") }, "Completeness"));
    }
    if (this.#may("delete")) {
      parts.push(h("button", { type: "button", class: "end", click: () => this.#erase() }, "Erase…"));
    }
    return parts.length > 0 ? h("div", { class: "buttons leaving" }, ...parts) : null;
  }

  #erase() {
    const { mediaFiles, nonDelete, holds } = this.#recording;
    const length = mediaFiles.reduce((sum, media) => sum + Number(media.duration), 0);
    const count = mediaFiles.length;
    const keeps = [...(nonDelete ? ["It is protected from deletion."] : []), ...holds.map((matter) => `It is held for ${matter}.`)];
    const reason = text("Reason, kept on the statement", "", { maxlength: 256 });
    const word = text("Write erase to go on", "", { autocapitalize: "none" });
    const row = {
      title: "Erase this recording for good",
      ask:
        keeps.length > 0
          ? `${keeps.join(" ")} End that first; otherwise this is refused.`
          : `All ${clock(length)} of it in ${count} ${WARNED.select(count) === "one" ? "part" : "parts"} will be gone. Its keys are destroyed, so that no copy of it, ` +
            "in backups or elsewhere, can be played again: nobody can undo this. It is no longer found. " +
            "What was exported before stays with those who have it, and who holds keys of their own may still open copies they made. " +
            "A signed statement remains of what was erased, when, why, and that you did it.",
      submit: "Erase for good",
      tone: "end",
    };
    return asked(row, [reason, word].map(({ element }) => ({ element, read: () => ({}) })), async () => {
      if (word.value().toLowerCase() !== "erase") {
        throw new Error("Write the word erase, if that is what you want.");
      }
      await this.#api.post(this.#path, "erase", { reason: reason.value() });
      this.#erased(this.#recording);
    });
  }

  async #report(kind, title) {
    await this.#tried(async () => {
      const { reports } = await this.#api.get(`${this.#path}/${kind}`);
      const parts = reports.map((report, index) => reported(kind, report, reports.length > 1 ? `Part ${index + 1}` : ""));
      const nothing = parts.length === 0 ? [h("p", {}, "Nothing is kept of it.")] : [];
      const element = h("div", { class: "reports" }, ...parts, ...nothing);
      await asked({ title, submit: "Close" }, [{ element, read: () => ({}) }], async () => {});
    });
  }

  #button(words, doing, attributes = {}) {
    const click = () => this.#tried(async () => (await doing(), this.#changed({})));
    return h("button", { type: "button", click, ...attributes }, words);
  }

  async #tried(doing) {
    this.#problem.hidden = true;
    try {
      await doing();
    } catch (error) {
      this.#problem.textContent = error.message;
      this.#problem.hidden = false;
    }
  }
}

/** A labelled text field; `value()` is what was typed. */
function text(words, value, attributes) {
  const input = h("input", { autocomplete: "off", spellcheck: "false", required: true, value, ...attributes });
  return { element: h("label", {}, `${words} `, input), value: () => input.value.trim() };
}

/** A signed document as people read it, and to be saved exactly as it was signed. */
function reported(kind, report, part) {
  const said = JSON.parse(report.document);
  const at = (frames) => exactly((frames * 1000) / said.rate);
  const rows =
    kind === "pauses"
      ? said.pauses.map((pause) => [`${at(pause.start)} to ${at(pause.stop)}`, [pause.kind, pause.reason, pause.shut_by.user_name, pause.opened_by.user_name].filter(Boolean).join(" · ")])
      : said.parties.map((party) => [party.role, `${at(party.kept_frames)} kept, ${at(party.silent_frames)} silent on purpose, ${at(party.lost_frames)} lost of ${at(party.expected_frames)}`]);
  const link = (words, content, name) => h("a", { href: URL.createObjectURL(new Blob([content])), download: name }, words);
  return h(
    "section",
    {},
    part ? h("h3", {}, part) : null,
    rows.length > 0 ? h("dl", {}, ...rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))) : h("p", {}, "Nothing was paused, held or taken out."),
    h("p", { class: "downloads" }, "Save ", link(`${kind}.json`, report.document, `${kind}.json`), " and ", link(`${kind}.sig`, report.signature, `${kind}.sig`), ": together they prove themselves."),
  );
}
