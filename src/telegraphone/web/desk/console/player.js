// Plays one media file: a waveform for each party, the stretches without audio over it, and the keys that move in it.
//
// The audio element asks for the bytes it needs, wherever it is sent; the waveform comes from the server as peaks, a stretch
// at a time, so that an hour is drawn while it is already playing.

import { freshId, h, setAttribute, setText } from "/desk/elements.js";
import { clock, fileIdOf, lasting, spanAt, spansMended, spansOf, whoOf } from "/console/spans.js";
import { WaveSurfer } from "/console/wavesurfer.js";

const COLUMNS = 2_400;
const STRETCH_MS = 300_000;
const STEP_S = 5;
const JUMP_S = 10;
const FULL = 64; // telephone speech seldom goes beyond half of what a sample holds
const LATE = 0.85; // of the way: names are written on the other side from here on
const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
const TRACKS = { both: "Both, left and right", mixed: "Both, mixed", agent: "Agent alone", other: "Customer alone" };
const FORMATS = { wav: "WAV", mp3: "MP3", ogg: "Ogg" };

export class Player {
  #api;
  #media;
  #path;
  #spans;
  #lengthMs;
  #audio = h("audio", { preload: "none" });
  #wave = null;
  #drawn = h("div", { class: "wave" });
  #over = h("div", { class: "over", "aria-hidden": "true" });
  #slider = h("input", { type: "range", class: "slider", min: 0, step: 1, value: 0 });
  #time = h("span", { class: "number time" });
  #here = h("span", { class: "here" });
  #go = h("button", { type: "button", class: "go play", "aria-keyshortcuts": "Space" });
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  #rows = [];
  #redact;
  #mended;
  #offer = h("p", { class: "offer", hidden: true });

  /** `redact(media, ms)` asks what is to be taken out; absent for who may not. With `mended` it plays what all recorders have. */
  constructor(api, recording, media, index, redact, mended = null) {
    this.#api = api;
    this.#redact = redact;
    this.#media = media;
    this.#path = `/recordings/${recording.id}`;
    this.#mended = mended;
    this.#lengthMs = Math.max(1, Number((mended ?? media).duration));
    const spans = spansOf(recording, fileIdOf(media));
    this.#spans = mended === null ? spans : spansMended(spans, mended);
    this.element = this.#built(recording, index);
    this.#audio.src = this.#url("wav", "both");
    this.#listen();
    this.#tick();
  }

  /** Draws the waveform; comes back when all of it is there or it cannot be had. */
  async draw() {
    this.#makeWave();
    const columns = Math.min(COLUMNS, Math.max(50, Math.floor(this.#lengthMs / 25)));
    const peaks = { agent: new Array(columns).fill(0), other: new Array(columns).fill(0) };
    const each = Math.max(1, Math.floor((columns * STRETCH_MS) / this.#lengthMs));
    for (let first = 0; first < columns && this.element.isConnected; first += each) {
      const last = Math.min(columns, first + each);
      const [start, stop] = [first, last].map((column) => Math.round((column * this.#lengthMs) / columns));
      try {
        const query = new URLSearchParams({ start, stop: Math.max(stop, start + 1), columns: last - first, ...this.#asked() });
        const answer = await this.#api.get(`${this.#path}/peaks/${fileIdOf(this.#media)}?${query}`);
        for (const party of ["agent", "other"]) {
          for (let column = 0; column < last - first; column += 1) {
            const [low, high] = answer.peaks[party].slice(2 * column, 2 * column + 2);
            peaks[party][first + column] = Math.min(1, Math.max(-low, high) / FULL);
          }
        }
      } catch (error) {
        this.#fails(error.message);
        return;
      }
      await this.#show(peaks);
    }
    setAttribute(this.#drawn, "data-drawn", true);
  }

  /** Where it is, in milliseconds of what it plays. */
  get at() {
    return this.#at;
  }

  /** Offers to hear it with what other recorders have; `choose(on)` does it. Answers with what is to be clicked. */
  offer(choose) {
    const box = h("input", { type: "checkbox", checked: this.#mended !== null, change: () => choose(box.checked) });
    this.#offer.replaceChildren(h("label", { class: "inline" }, box, " With what other recorders of this call have"));
    setAttribute(this.#offer, "hidden", false);
    return box;
  }

  /** Goes there; what was playing plays on. */
  seek(ms) {
    const place = Math.min(Math.max(ms, 0), this.#lengthMs) / 1000;
    if (this.#audio.readyState === 0) {
      this.#audio.preload = "metadata";
      this.#audio.load();
      this.#audio.addEventListener("loadedmetadata", () => (this.#audio.currentTime = place), { once: true });
    } else {
      this.#audio.currentTime = place;
    }
    this.#at = place * 1000;
    this.#tick();
  }

  toggle() {
    if (this.#audio.paused) {
      document.querySelectorAll("audio").forEach((other) => other !== this.#audio && other.pause());
      this.#audio.play().catch(() => this.#fails("The audio cannot be played."));
    } else {
      this.#audio.pause();
    }
  }

  /** What a key means here; whether it meant anything. */
  key(event) {
    const moves = {
      " ": () => this.toggle(),
      k: () => this.toggle(),
      ArrowLeft: () => this.seek(this.#at - STEP_S * 1000),
      ArrowRight: () => this.seek(this.#at + STEP_S * 1000),
      j: () => this.seek(this.#at - JUMP_S * 1000),
      l: () => this.seek(this.#at + JUMP_S * 1000),
      Home: () => this.seek(0),
      End: () => this.seek(this.#lengthMs),
      n: () => this.#nextSpan(1),
      p: () => this.#nextSpan(-1),
    };
    const move = moves[event.key];
    move?.();
    return move !== undefined;
  }

  stop() {
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load();
    this.#wave?.destroy();
  }

  #at = 0;

  #nextSpan(way) {
    const places = this.#spans.map((span) => span.from);
    const place = way > 0 ? places.find((each) => each > this.#at + 1) : places.findLast((each) => each < this.#at - 1000);
    if (place !== undefined) {
      this.seek(place);
    }
  }

  #url(format, tracks, download = false) {
    const query = new URLSearchParams({ tracks, ...(download ? { download: "true" } : {}), ...this.#asked() });
    return `/api/v2${this.#path}/play/${fileIdOf(this.#media)}.${format}?${query}`;
  }

  #asked() {
    return this.#mended === null ? {} : { mended: "true" };
  }

  #built(recording, index) {
    const title = freshId("player");
    this.#slider.max = Math.ceil(this.#lengthMs / 1000);
    this.#slider.setAttribute("aria-label", "Place in the recording");
    this.#go.addEventListener("click", () => this.toggle());
    const back = h("button", { type: "button", click: () => this.seek(this.#at - JUMP_S * 1000) }, "−10 s");
    const ahead = h("button", { type: "button", click: () => this.seek(this.#at + JUMP_S * 1000) }, "+10 s");
    const part = recording.mediaFiles.length > 1 ? `Part ${index + 1} of ${recording.mediaFiles.length}` : "Audio";
    return h(
      "section",
      { class: "panel player", "aria-labelledby": title },
      h("h3", { id: title, class: "part" }, part),
      h("div", { class: "stage" }, this.#parties(), h("div", { class: "picture" }, this.#drawn, this.#over, this.#slider)),
      h("div", { class: "transport" }, this.#go, back, ahead, this.#time, this.#here, h("div", { class: "choices" }, this.#speed(), this.#tracks())),
      this.#problem,
      this.#offer,
      this.#list(),
      this.#downloads(),
      this.#redaction(),
      this.#audio,
    );
  }

  #parties() {
    return h("div", { class: "parties", "aria-hidden": "true" }, h("span", {}, "Agent"), h("span", {}, "Customer"));
  }

  #speed() {
    const options = SPEEDS.map((speed) => h("option", { value: speed, selected: speed === 1 }, `${speed}×`));
    const select = h("select", { change: () => (this.#audio.playbackRate = Number(select.value)) }, ...options);
    return h("label", { class: "inline" }, "Speed ", select);
  }

  #tracks() {
    const options = Object.entries(TRACKS).map(([value, text]) => h("option", { value }, text));
    const select = h("select", { change: () => this.#listenTo(select.value) }, ...options);
    return h("label", { class: "inline" }, "Hear ", select);
  }

  #listenTo(tracks) {
    const [at, playing] = [this.#at, !this.#audio.paused];
    this.#audio.src = this.#url("wav", tracks);
    this.seek(at);
    if (playing) {
      this.toggle();
    }
  }

  #downloads() {
    const links = Object.entries(FORMATS).map(([format, name]) => h("a", { href: this.#url(format, "both", true) }, name));
    return h("p", { class: "downloads" }, "Save as ", ...links.flatMap((link, index) => (index ? [", ", link] : [link])), ". It is written down who did.");
  }

  #redaction() {
    if (this.#redact === undefined) {
      return null;
    }
    const place = () => Math.max(0, this.#at - Number(this.#mended?.offset ?? 0));
    const ask = () => this.#redact(this.#media, Math.min(place(), Number(this.#media.duration)));
    return h("p", { class: "redaction" }, h("button", { type: "button", click: ask }, "Take a stretch out…"));
  }

  #list() {
    if (this.#spans.length === 0) {
      return h("p", { class: "hint" }, "Recorded from beginning to end: no pause, no hold, nothing lost.");
    }
    this.#rows = this.#spans.map((span) => this.#row(span));
    return h("ol", { class: "stretches", "aria-label": "Marked stretches" }, ...this.#rows);
  }

  #row(span) {
    const who = [whoOf(span.by), whoOf(span.until)];
    const by = who[0] === who[1] || who[1] === "" ? who[0] : `${who[0]}, until ${who[1]}`;
    const text = `${span.name} at ${clock(span.from)} for ${lasting(span.to - span.from)}`;
    return h(
      "li",
      { "data-type": span.type },
      h("button", { type: "button", class: "stretch", click: () => this.seek(span.from) }, h("span", { class: "swatch", "aria-hidden": "true" }), text),
      h("span", { class: "by" }, [by, span.reason].filter((each) => each !== "").join(" · ")),
    );
  }

  #listen() {
    const audio = this.#audio;
    audio.addEventListener("timeupdate", () => {
      this.#at = audio.currentTime * 1000;
      this.#tick();
    });
    for (const happened of ["play", "pause", "ended"]) {
      audio.addEventListener(happened, () => this.#tick());
    }
    audio.addEventListener("error", () => audio.getAttribute("src") && this.#fails("The audio cannot be had."));
    this.#slider.addEventListener("input", () => this.seek(Number(this.#slider.value) * 1000));
  }

  #tick() {
    const inside = spanAt(this.#spans, this.#at);
    setText(this.#go, this.#audio.paused ? "Play" : "Pause");
    setText(this.#time, `${clock(this.#at)} / ${clock(this.#lengthMs)}`);
    setText(this.#here, inside === undefined ? "" : inside.name);
    setAttribute(this.#here, "data-type", inside?.type);
    this.#slider.value = Math.round(this.#at / 1000);
    this.#slider.setAttribute("aria-valuetext", `${clock(this.#at)} of ${clock(this.#lengthMs)}${inside ? `, ${inside.name}` : ""}`);
    this.#wave?.setTime(this.#at / 1000);
  }

  #makeWave() {
    for (const span of this.#spans) {
      const name = h("b", { "data-side": span.from > this.#lengthMs * LATE ? "left" : "right" }, span.name);
      const mark = h("span", { class: "mark-span", "data-type": span.type }, name);
      mark.style.left = `${(100 * span.from) / this.#lengthMs}%`;
      mark.style.width = `max(4px, ${(100 * (span.to - span.from)) / this.#lengthMs}%)`;
      this.#over.append(mark);
    }
    if (WaveSurfer === null) {
      return;
    }
    const colour = (name) => getComputedStyle(this.#drawn).getPropertyValue(name).trim();
    const lane = (name) => ({ waveColor: colour(`--${name}`), progressColor: colour(`--${name}-heard`) });
    this.#wave = WaveSurfer.create({
      container: this.#drawn,
      height: 64,
      peaks: [[0], [0]],
      duration: this.#lengthMs / 1000,
      splitChannels: [lane("agent"), lane("other")],
      cursorColor: colour("--ink"),
      cursorWidth: 2,
      barWidth: 2,
      barGap: 1,
      barRadius: 1,
      interact: false,
      normalize: false,
      hideScrollbar: true,
      cspNonce: document.documentElement.dataset.styleNonce,
    });
  }

  /** One picture after the other: the library draws whichever it was given last only if it is given one at a time. */
  async #show(peaks) {
    if (this.element.isConnected) {
      await this.#wave?.load("", [peaks.agent, peaks.other], this.#lengthMs / 1000);
      this.#tick();
    }
  }

  #fails(text) {
    setText(this.#problem, text);
    setAttribute(this.#problem, "hidden", false);
  }
}
