// The faye server under the benchmark's load: /events/<n> hears one event a second from a line on standard input on.
//
//   node faye_server.cjs PORT CLIENTS CALL      (CALL: the JSON of the call that each event carries)

const { createRequire } = require("node:module");
const http = require("node:http");
const path = require("node:path");

const faye = createRequire(path.join(__dirname, "../tests/interop/package.json"))("faye");
const [port, clients, call] = [Number(process.argv[2]), Number(process.argv[3]), JSON.parse(process.argv[4])];
const TICK_MS = 5;

const bayeux = new faye.NodeAdapter({ mount: "/faye", timeout: 30 });
const server = http.createServer();
server.keepAliveTimeout = 120_000;
bayeux.attach(server);
const publisher = bayeux.getClient();

process.stdin.once("data", () => {
  let published = 0;
  const began = process.hrtime.bigint();
  setInterval(() => {
    const due = (Number(process.hrtime.bigint() - began) / 1e9) * clients;
    for (; published < due; published++) {
      const data = { messageType: "CallStateChangeMessage", notificationType: "StatusChange", call };
      data.n = Math.floor(published / clients) + 1;
      data.t = Number(process.hrtime.bigint());
      publisher.publish(`/events/${published % clients}`, data);
    }
  }, TICK_MS);
});

server.listen(port, "127.0.0.1", () => console.log("listening"));
