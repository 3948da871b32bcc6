// The end of all that a search finds, as a customer may ask for whose recordings are many.

import { h } from "/desk/elements.js";
import { asked } from "/desk/forms.js";

const keeps = (recording) => recording.nonDelete || recording.holds.length > 0;

/**
 * Says what would be gone, asks, and erases these recordings one after the other; `told(words)` says what came of it. What is
 * refused is told in the dialog, which stays, and is tried again by whoever asks again there. Closing the dialog stops it.
 */
export function eraseAll(api, recordings, told) {
  const left = new Set(recordings.filter((each) => !keeps(each)).map((each) => each.id));
  const count = left.size;
  const kept = recordings.length - count;
  const reason = input("Reason, kept on each statement", { maxlength: 256 });
  const number = input("Write how many to go on", { inputmode: "numeric" });
  const bar = h("progress", { max: Math.max(count, 1), value: 0, "aria-label": "Recordings erased" });
  const row = {
    title: "Erase all that is found, for good",
    ask:
      `${count} ${count === 1 ? "recording" : "recordings"} will be gone, also those that are not shown yet. Their keys are destroyed, so that no copy of them can be ` +
      "played again: nobody can undo this. A signed statement of each remains." +
      (kept > 0 ? ` ${kept} more ${kept === 1 ? "is" : "are"} protected or held, and ${kept === 1 ? "stays" : "stay"}.` : ""),
    submit: "Erase all for good",
    tone: "end",
  };
  const nothing = () => ({});
  return asked(row, [reason, number, { element: bar }].map(({ element }) => ({ element, read: nothing })), async () => {
    if (number.value() !== String(count)) {
      throw new Error(`Write ${count}, if that is what you want.`);
    }
    let why = "";
    for (const id of left) {
      if (!bar.isConnected) {
        break;
      }
      try {
        await api.post(`/recordings/${id}`, "erase", { reason: reason.value() });
        left.delete(id);
        bar.value = count - left.size;
      } catch (error) {
        why ||= error.message;
        if (error.signedOut || error.unreachable) {
          break;
        }
      }
    }
    const done = `${count - left.size} of ${count} recordings were erased.`;
    told(done);
    if (left.size > 0) {
      throw new Error(`${done} ${why}`);
    }
  });
}

function input(words, attributes) {
  const element = h("input", { autocomplete: "off", required: true, ...attributes });
  return { element: h("label", {}, `${words} `, element), value: () => element.value.trim() };
}
