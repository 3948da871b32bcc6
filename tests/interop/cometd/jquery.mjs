// One jQuery CometD client of 2014 in a browser window without a screen, driven like client.mjs: same options, commands, facts.

import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const require = createRequire(import.meta.url);
const options = JSON.parse(process.argv[2]);

function tell(fact) {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

const page = new JSDOM("<!doctype html><title>desk</title>", { url: options.url, runScripts: "outside-only", pretendToBeVisual: true });
const { window } = page;
for (const level of ["log", "info", "debug", "warn", "error"]) {
  window.console[level] = () => {};
}
const scripts = ["jquery/dist/jquery.js", "cometd-jquery/org/cometd.js"];
scripts.push(...(options.ack ? ["cometd-jquery/org/cometd/AckExtension.js"] : []), "cometd-jquery/jquery/jquery.cometd.js");
scripts.push(...(options.ack ? ["cometd-jquery/jquery/jquery.cometd-ack.js"] : []));
for (const script of scripts) {
  window.eval(readFileSync(require.resolve(script), "utf8"));
}
const cometd = window.jQuery.cometd;

const password = options.password ?? "secret";
const basic = Buffer.from(`${options.user}:${password}`).toString("base64");
// A page's WebSocket sends no headers of ours; it takes the user from the URL.
const account = `${options.user}:${encodeURIComponent(password)}@`;
cometd.configure({
  url: options.transport === "websocket" ? options.url.replace("://", `://${account}`) : options.url,
  requestHeaders: { Authorization: `Basic ${basic}` },
  backoffIncrement: 100,
  maxBackoff: 500,
  maxNetworkDelay: 5000,
  logLevel: "error",
});
// When a socket closes while it handshakes anew, this generation takes WebSocket for unsupported and goes on by long-polling.
for (const transport of options.transport === "websocket" ? ["callback-polling"] : ["websocket", "callback-polling"]) {
  cometd.unregisterTransport(transport);
}

function subscribe(name) {
  cometd.subscribe(name, (message) => tell({ heard: message.channel, by: name, data: message.data }));
}

for (const meta of ["handshake", "connect", "subscribe", "unsubscribe", "disconnect", "publish"]) {
  cometd.addListener(`/meta/${meta}`, (message) => {
    tell({ meta, successful: message.successful, error: message.error ?? null, advice: message.advice ?? null });
    if (meta === "handshake" && message.successful) {
      cometd.batch(() => (options.subscriptions ?? []).forEach(subscribe));
    }
  });
}

const commands = {
  handshake: () => cometd.handshake(),
  subscribe: ({ name }) => subscribe(name),
  publish: ({ name, data }) => cometd.publish(name, data),
  disconnect: () => cometd.disconnect(),
  exit: () => process.exit(0),
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit(0));

tell({ ready: cometd.getTransportTypes ? cometd.getTransportTypes() : [options.transport] });
