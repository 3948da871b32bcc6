// What the desk knows: the user, the device, the calls and their timelines. It takes whole snapshots and single messages,
// asks the API for operations, and tells its owner when something changed; it draws nothing.

import { Link } from "./events.js";
import { newsOf } from "./news.js";
import { noted, stillSo } from "./timeline.js";

const AFTERGLOW_MS = 6_000; // how long a call that has ended stays to be seen
const NO_NEWS_MS = 1_500; // an operation's event comes within milliseconds; without it the desk looks for itself
const LOOK_MS = 100; // messages about several calls come in one go
const MEMORY = "telegraphone.timelines";
const RELEASED = "Released";

export class Desk {
  user = null;
  device = null;
  link = Link.CONNECTING;
  /** @type {Map<string, object>} by id, in the order in which they came */
  calls = new Map();
  /** @type {Map<string, import("./timeline.js").Timeline>} by callUuid */
  timelines = new Map();
  /** Names by phone number, for people to recognise and to choose from. */
  contacts = [];
  agentStates = [];
  #heard = new Set();
  #messages = 0;
  #look = 0;

  /** `onChange()` when anything is to be drawn anew; `onNews({text, urgent})` for what is worth saying aloud. */
  constructor(api, { onChange, onNews }) {
    this.api = api;
    this.onChange = onChange;
    this.onNews = onNews;
    this.timelines = new Map(Object.entries(remembered()));
  }

  // --- who is here ---

  /** Takes over what a sign-in or a page load found, and asks for what hardly changes. */
  async begin(me) {
    this.#take(me);
    const [states, contacts] = await Promise.all([
      this.api.get("/settings/agent-states").catch(() => ({ settings: [] })),
      this.api.get("/contacts?fields=*&limit=100").catch(() => ({ contacts: [] })),
    ]);
    this.agentStates = states.settings;
    this.contacts = contacts.contacts.filter((each) => each.phoneNumbers?.length > 0);
    this.onChange();
  }

  /** Forgets the user; with `times`, also when recordings of calls that go on were paused. */
  forget({ times }) {
    this.user = this.device = null;
    this.calls.clear();
    if (times) {
      this.timelines.clear();
      localStorage.removeItem(MEMORY);
    }
    this.onChange();
  }

  get signedInAtDevice() {
    return this.device?.userState !== undefined;
  }

  /** The name that goes with a number, or the number. */
  nameOf(number) {
    return this.contacts.find((each) => each.phoneNumbers[0].phoneNumber === number)?.name ?? number;
  }

  // --- what happens ---

  /** Reads everything anew. What is heard while the answer is under way is newer than the answer. */
  async refresh() {
    const heard = new Set();
    this.#heard = heard;
    this.#take(await this.api.me(), heard);
  }

  /** A message of the server. */
  hear(data) {
    this.#messages += 1;
    switch (data.messageType) {
      case "CallStateChangeMessage":
        this.#heard.add(data.call.id);
        this.#note(data.call, true);
        this.#lookAtTheOthers();
        break;
      case "DeviceStateChangeMessage":
        this.device = data.devices.find((each) => each.id === this.device?.id) ?? data.devices[0];
        break;
      case "ErrorMessage":
        this.onNews({ text: data.errorMessage ?? "Something went wrong at the server.", urgent: true, problem: true });
        break;
    }
    this.onChange();
  }

  /** Whether the news is to be trusted. */
  linked(link) {
    this.link = link;
    this.onChange();
  }

  /** Time passes: calls that ended disappear, and the others are known to be as they were. */
  tick(now) {
    const gone = [...this.calls.values()].filter((call) => call.endedAt + AFTERGLOW_MS < now);
    for (const call of gone) {
      this.calls.delete(call.id);
    }
    if (this.link === Link.LIVE || this.link === Link.ASKING) {
      for (const [uuid, timeline] of this.timelines) {
        this.timelines.set(uuid, stillSo(timeline, now));
      }
    }
    if (gone.length > 0) {
      this.onChange();
    }
  }

  /** Keeps the timelines for the next page load. */
  remember() {
    localStorage.setItem(MEMORY, JSON.stringify(Object.fromEntries(this.timelines)));
  }

  // --- what the agent wants ---

  async operate(call, operation, attributes = {}) {
    await this.#ask(`/me/calls/${call.id}`, operation, attributes);
  }

  async operateDevice(operation, attributes = {}) {
    await this.#ask(`/me/devices/${this.device.id}`, operation, attributes);
  }

  async dial(number) {
    await this.#ask(`/me/devices/${this.device.id}/calls`, "Dial", { destination: { phoneNumber: number } });
  }

  async setState(operation) {
    await this.#ask("/me/channels/voice", operation, {});
  }

  /** Signs in at the device. */
  async startWork() {
    await this.#ask("/me", "StartContactCenterSession", { channels: ["voice"] });
  }

  /** Signs out of the device and of the API. */
  async endWork() {
    await this.api.post("/me", "EndContactCenterSession");
  }

  /** What can be done to one call changes with the state of another, and of that the server tells nothing. */
  #lookAtTheOthers() {
    if (this.calls.size > 1) {
      clearTimeout(this.#look);
      this.#look = setTimeout(() => this.user && this.refresh().catch(() => {}), LOOK_MS);
    }
  }

  async #ask(path, operation, attributes) {
    const messages = this.#messages;
    await this.api.post(path, operation, attributes);
    setTimeout(() => this.#messages === messages && this.user && this.refresh().catch(() => {}), NO_NEWS_MS);
  }

  // --- inside ---

  #take(me, heard = new Set()) {
    const { user } = me;
    this.user = user;
    this.device = user.devices[0] ?? null;
    const alive = new Set(user.calls.map((call) => call.id));
    for (const call of user.calls) {
      if (!heard.has(call.id)) {
        this.#note(call, false);
      }
    }
    for (const call of [...this.calls.values()]) {
      if (!alive.has(call.id) && !heard.has(call.id) && call.state !== RELEASED) {
        this.#note({ ...call, state: RELEASED, recordingState: call.recordingState && "Stopped", capabilities: [] }, true);
      }
    }
    const uuids = new Set([...this.calls.values()].map((call) => call.callUuid));
    for (const uuid of this.timelines.keys()) {
      if (!uuids.has(uuid)) {
        this.timelines.delete(uuid);
      }
    }
    this.onChange();
  }

  #note(call, told) {
    const now = Date.now();
    const before = this.calls.get(call.id);
    const released = call.state === RELEASED;
    this.calls.set(call.id, { ...call, heardAt: now, endedAt: released ? (before?.endedAt ?? now) : undefined });
    this.timelines.set(call.callUuid, noted(this.timelines.get(call.callUuid), call, now, told));
    for (const news of newsOf(before, call, (number) => this.nameOf(number))) {
      this.onNews(news);
    }
    this.remember();
  }
}

/** The other parties' numbers, in whichever shape the server shows them. */
export function numbersOf(call) {
  return call.participants.map((each) => each.phoneNumber ?? each);
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(MEMORY)) ?? {};
  } catch {
    return {};
  }
}
