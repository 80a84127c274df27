// Loaded into every Node process of the sf CLI: notes each host that it connects to, and lets it reach this machine only.
"use strict";
const fs = require("node:fs");
const net = require("node:net");

const LOCAL = new Set(["127.0.0.1", "localhost", "::1"]);
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...args) {
  // net.connect hands its arguments on as one list: [options, callback]
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const host = typeof options === "object" ? (options.host ?? "localhost") : (args[1] ?? "localhost");
  fs.appendFileSync(process.env.HOSTS_ASKED_FOR, `${host}\n`);
  if (!LOCAL.has(host)) {
    throw new Error(`this test lets nothing leave the machine, and ${host} was asked for`);
  }
  return connect.apply(this, args);
};
