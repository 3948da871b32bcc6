// One jQuery CometD client of 2014 in a browser window without a screen, driven like client.mjs: same options, commands, facts.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";
import { drive, options, tell } from "./driven.mjs";

const require = createRequire(import.meta.url);
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

// When a socket closes while it handshakes anew, this generation takes WebSocket for unsupported and goes on by long-polling.
drive(cometd, options.transport === "websocket" ? ["callback-polling"] : ["websocket", "callback-polling"]);
tell({ ready: cometd.getTransportTypes ? cometd.getTransportTypes() : [options.transport] });
