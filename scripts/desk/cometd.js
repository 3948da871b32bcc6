// What the agent desk needs of the CometD library.

export { AckExtension } from "cometd/AckExtension.js";
export { CometD } from "cometd";
