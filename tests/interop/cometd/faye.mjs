// One client of the faye library by long-polling (its WebSocket wants faye's own server), driven like client.mjs. It has no
// acknowledgements.

import faye from "faye";
import { basic, obey, options, tell } from "./driven.mjs";

const client = new faye.Client(options.url, { timeout: 60, retry: 0.2 });
for (const transport of ["websocket", "eventsource", "cross-origin-long-polling", "callback-polling"]) {
  client.disable(transport);
}
client.setHeader("Authorization", basic);

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

obey({
  handshake: () => (options.subscriptions ?? []).forEach(subscribe),
  subscribe: ({ name }) => subscribe(name),
  publish: ({ name, data }) =>
    client.publish(name, data).then(
      () => tell({ meta: "publish", successful: true, error: null, advice: null }),
      (error) => tell({ meta: "publish", successful: false, error: error.message, advice: null }),
    ),
  disconnect: () => client.disconnect(),
});

tell({ ready: [options.transport] });
