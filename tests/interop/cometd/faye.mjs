// One client of the faye library by long-polling (its WebSocket wants faye's own server), driven like client.mjs. It has no
// acknowledgements.

import { createInterface } from "node:readline";
import faye from "faye";

const options = JSON.parse(process.argv[2]);

function tell(fact) {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

const client = new faye.Client(options.url, { timeout: 60, retry: 0.2 });
for (const transport of ["websocket", "eventsource", "cross-origin-long-polling", "callback-polling"]) {
  client.disable(transport);
}
const basic = Buffer.from(`${options.user}:${options.password ?? "secret"}`).toString("base64");
client.setHeader("Authorization", `Basic ${basic}`);

client.addExtension({
  incoming(message, deliver) {
    if (message.channel.startsWith("/meta/")) {
      const { successful, error = null, advice = null } = message;
      tell({ meta: message.channel.slice("/meta/".length), successful, error, advice });
    }
    deliver(message);
  },
});

function subscribe(name) {
  client.subscribe(name).withChannel((channel, data) => tell({ heard: channel, by: name, data }));
}

const commands = {
  handshake: () => (options.subscriptions ?? []).forEach(subscribe),
  subscribe: ({ name }) => subscribe(name),
  publish: ({ name, data }) =>
    client.publish(name, data).then(
      () => tell({ meta: "publish", successful: true, error: null, advice: null }),
      (error) => tell({ meta: "publish", successful: false, error: error.message, advice: null }),
    ),
  disconnect: () => client.disconnect(),
  exit: () => process.exit(0),
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const command = JSON.parse(line);
    commands[command.do](command);
  })
  .on("close", () => process.exit(0));

tell({ ready: [options.transport] });
