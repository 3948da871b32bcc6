// One cometd.js client, driven by lines of JSON: commands come on standard input, everything it hears goes to standard
// output. The test decides; this program only translates.
//
//   node client.mjs '{"library":"cometd","url":"http://…","transport":"long-polling","ack":true,"user":"kate"}'

import { adapt } from "cometd-nodejs-client";
import { drive, options, tell } from "./driven.mjs";

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

drive(
  cometd,
  cometd.getTransportTypes().filter((transport) => transport !== options.transport),
);
tell({ ready: cometd.getTransportTypes() });
