// What all clients of these tests share: options come as the first argument, commands as lines of JSON on standard input, and
// everything a client hears goes to standard output as lines of JSON. The test decides; a client only translates.

import { createInterface } from "node:readline";

export const options = JSON.parse(process.argv[2]);
export const basic = "Basic " + Buffer.from(`${options.user}:${options.password ?? "secret"}`).toString("base64");

export function tell(fact) {
  process.stdout.write(`${JSON.stringify(fact)}\n`);
}

export function obey(commands) {
  const all = { ...commands, exit: () => process.exit(0) };
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      const command = JSON.parse(line);
      all[command.do](command);
    })
    .on("close", () => process.exit(0));
}

// A CometD client of any generation, without these transports.
export function drive(cometd, without) {
  // Neither node's nor a page's WebSocket sends headers of ours; it takes the user from the URL.
  const account = `${options.user}:${encodeURIComponent(options.password ?? "secret")}@`;
  cometd.configure({
    url: options.transport === "websocket" ? options.url.replace("://", `://${account}`) : options.url,
    requestHeaders: { Authorization: basic },
    backoffIncrement: 100,
    maxBackoff: 500,
    maxNetworkDelay: 5000,
    logLevel: "error",
  });
  for (const transport of without) {
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

  obey({
    handshake: () => cometd.handshake(),
    subscribe: ({ name }) => subscribe(name),
    publish: ({ name, data }) => cometd.publish(name, data),
    disconnect: () => cometd.disconnect(),
  });
}
