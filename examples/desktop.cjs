// An agent's desktop in small: signs in, hears of its calls over CometD, and pauses a recording at a key press.
//
//     node examples/desktop.cjs http://127.0.0.1:8080 agent.one PASSWORD-FILE
//
// Keys, each with Enter: s starts, p pauses, r resumes, t stops the recording, q quits. Needs the npm packages `cometd` and
// `cometd-nodejs-client`.
"use strict";

const { readFileSync } = require("node:fs");
const { createInterface } = require("node:readline");
require("cometd-nodejs-client").adapt();
const { CometD } = require("cometd");

const [base, userName, passwordFile] = process.argv.slice(2);
const password = readFileSync(passwordFile, "utf8").trimEnd();
const headers = {
  Authorization: "Basic " + Buffer.from(`${userName}:${password}`, "utf8").toString("base64"),
  "Content-Type": "application/json",
};
const operations = {
  s: "StartCallRecording",
  p: "PauseCallRecording",
  r: "ResumeCallRecording",
  t: "StopCallRecording",
};
let call = null;

async function request(path, body) {
  const method = body === undefined ? "GET" : "POST";
  const reply = await fetch(`${base}/api/v2${path}`, { method, headers, body: JSON.stringify(body) });
  const answer = await reply.json();
  // 0 is success and 7 success in part; the text of anything else is written for people.
  if (answer.statusCode !== 0 && answer.statusCode !== 7) {
    throw new Error(`${reply.status}/${answer.statusCode}: ${answer.statusMessage}`);
  }
  return answer;
}

function show(message) {
  const { notificationType, call: told } = message.data;
  if (!told) return;
  call = told.state === "Released" ? null : told;
  console.log(`${notificationType}: call ${told.id} ${told.state}, recording ${told.recordingState}`);
  console.log(`  can now: ${told.capabilities.join(" ")}`);
}

async function press(key) {
  if (!call) return console.log("There is no call.");
  // The answer comes after the effect: once Pause is answered, nothing that is said from then on is kept.
  await request(`/me/calls/${call.id}`, { operationName: operations[key] });
  console.log(`${operations[key]} done`);
}

async function main() {
  const cometd = new CometD();
  // A WebSocket of node sends no headers of ours. In a browser the sign-in cookie goes with it, and this line is not needed.
  cometd.unregisterTransport("websocket");
  cometd.configure({ url: `${base}/api/v2/notifications`, requestHeaders: headers });
  // CometD clients subscribe anew after each handshake, so this comes back by itself after a lost connection.
  cometd.addListener("/meta/handshake", (reply) => {
    if (reply.successful) cometd.subscribe("/v2/me/*", show, () => console.log("listening"));
  });
  cometd.handshake();
  const { user } = await request("/me?subresources=calls");
  call = user.calls[0] ?? null;
  console.log(`${user.userName} has ${user.calls.length} calls`);

  for await (const line of createInterface({ input: process.stdin })) {
    const key = line.trim();
    if (key === "q") break;
    if (!(key in operations)) console.log("s, p, r, t or q");
    else await press(key).catch((error) => console.log(error.message));
  }
  await new Promise((done) => cometd.disconnect(done));
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
