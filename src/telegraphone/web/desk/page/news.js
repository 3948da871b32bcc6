// Puts into words what has changed at a call, for those who do not look at it: a pure function of two views.

const RECORDING = {
  Recording: "Recording is on.",
  Paused: "Recording is paused. Nothing is kept until you resume.",
  Stopped: "Recording is stopped.",
};
const STATES = {
  Ringing: (who) => `Incoming call from ${who}.`,
  Dialing: (who) => `Calling ${who}.`,
  Held: (who) => `Call with ${who} is on hold.`,
  Released: (who) => `Call with ${who} has ended.`,
};

/**
 * @returns {{text: string, urgent: boolean}[]} what to say of the step from `before` (undefined for a new call) to `call`
 */
export function newsOf(before, call, nameOf) {
  const numbers = call.participants.map((each) => nameOf(each.phoneNumber ?? each));
  const who = numbers.join(" and ") || "nobody";
  const news = [];
  if (call.state !== before?.state) {
    const say = STATES[call.state];
    const back = before?.state === "Held" ? `Call with ${who} is back.` : `Call with ${who} is connected.`;
    news.push({ text: say ? say(who) : back, urgent: call.state === "Ringing" });
  } else if (numbers.length !== before.participants.length) {
    news.push({ text: `Now in the call: ${who}.`, urgent: false });
  }
  const was = before?.recordingState ?? "Stopped";
  if (call.recordingState !== undefined && call.recordingState !== was && call.state !== "Released") {
    news.push({ text: RECORDING[call.recordingState], urgent: true });
  }
  if (before !== undefined && call.mute !== before.mute) {
    news.push({ text: call.mute === "On" ? "You are muted." : "You can be heard again.", urgent: false });
  }
  return news;
}
