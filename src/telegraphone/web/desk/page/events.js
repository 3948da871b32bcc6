// Hears what changes: over CometD by the library that desktops use, or, where this page was installed without the library,
// by asking again every second.

import { AckExtension, CometD } from "./cometd.js";

const TOPICS = ["/v2/me/calls", "/v2/me/devices", "/v2/me/channels"];
const HOLD_MS = 10_000; // a third of what the server would hold: so soon a dead network is noticed
const NETWORK_MS = 4_000;
const ASK_AGAIN_MS = 1_000;

/** What the page may believe about its own news. */
export const Link = { CONNECTING: "connecting", LIVE: "live", ASKING: "asking", LOST: "lost" };

/**
 * `onMessage(data)` gets every message; `onLink(link)` every change; `refresh()` reads everything anew, is called whenever
 * messages may have been missed, and rejects while the server cannot be reached.
 */
export class Events {
  #cometd = null;
  #timer = 0;
  #link = Link.CONNECTING;

  constructor({ onMessage, onLink, refresh }) {
    this.onMessage = onMessage;
    this.onLink = onLink;
    this.refresh = refresh;
    window.addEventListener("offline", () => this.doubt());
  }

  get #running() {
    return this.#cometd !== null || this.#timer !== 0;
  }

  /** Begins to listen; `headers` go with every request (the CSRF pair). */
  start(headers) {
    this.stop();
    this.#tell(Link.CONNECTING);
    if (CometD === null) {
      this.#ask();
      return;
    }
    this.#cometd = this.#connect(headers);
    this.#cometd.handshake();
  }

  /** Takes leave of the server, if it can be reached. */
  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#cometd?.disconnect();
    this.#cometd = null;
  }

  /** Something else could not reach the server: nothing is certain until it is heard again. */
  doubt() {
    if (this.#running) {
      this.#tell(Link.LOST);
    }
  }

  #connect(headers) {
    const cometd = new CometD();
    cometd.configure({
      url: new URL("/api/v2/notifications", location.href).href,
      requestHeaders: headers,
      maxNetworkDelay: NETWORK_MS,
      backoffIncrement: 500,
      maxBackoff: 3_000,
      logLevel: "error",
    });
    cometd.unregisterTransport("callback-polling");
    cometd.registerExtension("ack", new AckExtension());
    cometd.registerExtension("hold", SHORT_HOLD);
    const current = (hear) => (message) => this.#cometd === cometd && hear(message);
    cometd.addListener("/meta/handshake", current((reply) => reply.successful || this.#failed()));
    cometd.addListener("/meta/handshake", current((reply) => reply.successful && this.#subscribe(cometd)));
    cometd.addListener("/meta/connect", current((reply) => (reply.successful ? this.#heard() : this.#failed())));
    return cometd;
  }

  #subscribe(cometd) {
    this.#link = Link.CONNECTING;
    cometd.batch(() => {
      for (const topic of TOPICS) {
        cometd.subscribe(topic, (message) => this.onMessage(message.data));
      }
    });
  }

  /** News flow again: what happened in between is read, and only then the page may believe itself. */
  async #heard() {
    if (this.#link === Link.LIVE) {
      return;
    }
    const cometd = this.#cometd;
    try {
      await this.refresh();
    } catch {
      return;
    }
    if (this.#cometd === cometd) {
      this.#tell(Link.LIVE);
    }
  }

  /** The library tries again by itself; whether the sign-in is over, only a request tells. */
  #failed() {
    this.#tell(Link.LOST);
    this.refresh().catch(() => {});
  }

  async #ask() {
    this.#timer = -1;
    const link = await this.refresh().then(
      () => Link.ASKING,
      () => Link.LOST,
    );
    if (this.#timer === 0) {
      return;
    }
    this.#tell(link);
    this.#timer = setTimeout(() => this.#ask(), ASK_AGAIN_MS);
  }

  #tell(link) {
    if (link !== this.#link || link === Link.CONNECTING) {
      this.#link = link;
      this.onLink(link);
    }
  }
}

/** Has `/meta/connect` held for a shorter time than the server offers. */
const SHORT_HOLD = {
  outgoing(message) {
    if (message.channel === "/meta/connect") {
      message.advice = { timeout: HOLD_MS, ...message.advice };
    }
    return message;
  },
  incoming(message) {
    if (message.advice?.timeout > HOLD_MS) {
      message.advice.timeout = HOLD_MS;
    }
    return message;
  },
};
