// Searching: turns what was typed and chosen into the API's criteria, and asks page by page.

const PAGE = 50;
const DAY_MS = 86_400_000;

const SIFTED_BY_SERVER = { paused: { paused: "true" }, recovered: { state: "recovered" }, broken: { state: "broken" }, redacted: { state: "redacted" } };

/** The criteria of what was typed and chosen: words begin whatever is known of a recording, a whole id is that one. */
export function criteriaOf({ words, from, to, kind }) {
  const criteria = { ...(SIFTED_BY_SERVER[kind] ?? {}) };
  if (from) {
    criteria.startTime = midnight(from, 0);
  }
  if (to) {
    criteria.endTime = midnight(to, 1);
  }
  const word = words.trim();
  if (/^[0-9A-Z]{32}$/.test(word)) {
    return { ...criteria, callUuid: word };
  }
  return /[\p{L}\p{N}]/u.test(word) ? { ...criteria, text: word } : { ...criteria, userName: "*" };
}

function midnight(day, later) {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

/** The day so many days ago, as a date field has it. */
export function daysAgo(days) {
  const day = new Date(Date.now() - days * DAY_MS);
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
}

/** One search as it goes on: `next()` brings the next page of recordings, newest first. */
export class Found {
  #api;
  #place;

  constructor(api, asked) {
    this.#api = api;
    this.#place = criteriaOf(asked);
  }

  get over() {
    return this.#place === null;
  }

  async next() {
    const query = new URLSearchParams({ ...this.#place, limit: PAGE, fields: "*", subresources: "labels" });
    const answer = await this.#api.get(`/recordings?${query}`);
    this.#place = answer.nextCursor === undefined ? null : { cursor: answer.nextCursor };
    return answer.recordings;
  }
}
