// Talks to the API as any client does: JSON over HTTP, Basic once at sign-in, afterwards the cookie.

const API = "/api/v2";
const PATIENCE_MS = 15_000;
const NOT_SIGNED_IN = 20;

/** An answer that is not 0, or no answer at all (`httpStatus` 0). The message is the server's own text. */
export class ApiError extends Error {
  constructor(httpStatus, statusCode, message) {
    super(message);
    this.httpStatus = httpStatus;
    this.statusCode = statusCode;
  }

  get signedOut() {
    return this.statusCode === NOT_SIGNED_IN;
  }

  get unreachable() {
    return this.httpStatus === 0;
  }

  /** The server does not take changes from a page at this address (403/3). */
  get wrongAddress() {
    return this.httpStatus === 403 && this.statusCode === 3 && this.message.startsWith("Origin");
  }
}

export class Api {
  /** The CSRF pair, which a server sends on every GET and may ask for on every POST. */
  headers = {};

  /** Signs in: the password is sent once and kept nowhere. Returns what `me` returns. */
  async signIn(userName, password) {
    return this.#request("GET", ME, { Authorization: `Basic ${base64(`${userName}:${password}`)}` });
  }

  /** The user with devices, calls, features and channels. */
  async me() {
    return this.get(ME);
  }

  async get(path) {
    return this.#request("GET", path, {});
  }

  async post(path, operationName, attributes = {}) {
    return this.#send("POST", path, { operationName, ...attributes });
  }

  /** Makes something below `path` of these attributes. */
  async create(path, attributes) {
    return this.#send("POST", path, attributes);
  }

  async put(path, attributes) {
    return this.#send("PUT", path, attributes);
  }

  async delete(path) {
    return this.#request("DELETE", path, this.headers);
  }

  async #send(method, path, attributes) {
    const headers = { "Content-Type": "application/json", ...this.headers };
    return this.#request(method, path, headers, JSON.stringify(attributes));
  }

  async #request(method, path, headers, body) {
    let answer;
    let said;
    try {
      answer = await fetch(API + path, {
        method,
        headers,
        body,
        cache: "no-store",
        credentials: "same-origin",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      said = await answer.json();
    } catch {
      throw new ApiError(0, -1, "The server cannot be reached.");
    }
    const name = answer.headers.get("X-CSRF-HEADER");
    if (name) {
      this.headers = { [name]: answer.headers.get(name) };
    }
    if (said.statusCode !== 0) {
      throw new ApiError(answer.status, said.statusCode, said.statusMessage ?? "The server answered without a reason.");
    }
    return said;
  }
}

const ME = "/me?subresources=devices,calls,features,channels";

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
