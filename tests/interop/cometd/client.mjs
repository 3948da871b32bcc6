// One cometd.js client, driven by lines of JSON: commands come on standard input, everything it hears goes to standard
// output. The test decides; this program only translates.
//
//   node client.mjs '{"library":"cometd","url":"http://…","transport":"long-polling","ack":true,"user":"kate"}'

import { createInterface } from "node:readline";
import { adapt } from "cometd-nodejs-client";

const options = JSON.parse(process.argv[2]);

function tell(fact) {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

adapt();
// What the library logs would be taken for what it heard.
for (const level of ["log", "info", "debug", "warn"]) {
  console[level] = () => {};
}

// The current generation has named exports, the one of 2016 has one object.
const library = await import(options.library);
const cometd = new (library.CometD ?? library.default.CometD)();

if (options.ack) {
  const extension = await import(`${options.library}/AckExtension.js`);
  const AckExtension = extension.AckExtension ?? extension.default;
  cometd.registerExtension("ack", new AckExtension());
}

const password = options.password ?? "secret";
const basic = Buffer.from(`${options.user}:${password}`).toString("base64");
// The WebSocket of node sends no headers of ours; it takes the user from the URL.
const account = `${options.user}:${encodeURIComponent(password)}@`;
const url = options.transport === "websocket" ? options.url.replace("://", `://${account}`) : options.url;
cometd.configure({
  url,
  requestHeaders: { Authorization: `Basic ${basic}` },
  backoffIncrement: 100,
  maxBackoff: 500,
  maxNetworkDelay: 5000,
  logLevel: "error",
});
for (const transport of cometd.getTransportTypes()) {
  if (transport !== options.transport) {
    cometd.unregisterTransport(transport);
  }
}

for (const meta of ["handshake", "connect", "subscribe", "unsubscribe", "disconnect", "publish"]) {
  cometd.addListener(`/meta/${meta}`, (message) => {
    tell({ meta, successful: message.successful, error: message.error ?? null, advice: message.advice ?? null });
    if (meta === "handshake" && message.successful) {
      cometd.batch(() => {
        for (const subscription of options.subscriptions ?? []) {
          subscribe(subscription);
        }
      });
    }
  });
}

function subscribe(name) {
  cometd.subscribe(name, (message) => tell({ heard: message.channel, by: name, data: message.data }));
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

tell({ ready: cometd.getTransportTypes() });
