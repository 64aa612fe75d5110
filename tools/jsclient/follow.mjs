// Starts a pair, follows its calls as client C2, kills T-Server A with SIGKILL in the middle of a call, and sees that the call ends at B under the same Connection ID, that B tells what was missed,
// and that no event is lost, doubled or out of order.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "./client.mjs";

const [hotpair = "../../bin/hotpair"] = process.argv.slice(2);
const keys = mkdtempSync(join(tmpdir(), "hotpair-js-"));
const pair = spawn(hotpair, ["up", "--port", "0", "--speed", "5", "--erlangs", "8", "--hold", "const:25s", "--clients", "2", "--keys", keys], {
  stdio: ["ignore", "pipe", "inherit"],
});

let failed = null;
const fail = (why) => {
  failed ??= why;
};
const deadline = setTimeout(() => end("nothing came of it within three minutes"), 180000);
const until = async (what, done) => {
  while (!done() && failed === null) await new Promise((r) => setTimeout(r, 20));
  if (failed === null) console.log(what);
};

/** facts tells what hotpair up prints: where NATS is, the process of A, and readiness. */
const facts = {};
createInterface({ input: pair.stdout }).on("line", (line) => {
  facts.url ??= /runs on (nats:\/\/[0-9.:]+)/.exec(line)?.[1];
  facts.pid ??= /kill -9 (\d+)/.exec(line)?.[1];
  const ready = /readiness of the pair is ([01])/.exec(line);
  if (ready) facts.ready = ready[1] === "1";
});
pair.on("exit", (code) => end(`hotpair up has ended: ${code}`));

// What is known of each call, by its switch's identity.
const calls = new Map();
const after = { EventDialing: 1, EventRinging: 1, EventEstablished: 2, EventReleased: 3, EventAbandoned: 3 };
function event(e, tserver) {
  const id = `${e.call.ref}@${e.call.born}`;
  const call = calls.get(id) ?? { connId: e.connId, events: [], tservers: new Set() };
  calls.set(id, call);
  if (call.connId !== e.connId) fail(`call ${id} was ${call.connId}, and is ${e.connId} at ${tserver}`);
  const key = `${e.kind} ${e.thisDN}`;
  if (call.events.includes(key)) fail(`${key} of ${id} came twice`);
  const before = call.events.at(-1)?.split(" ")[0];
  if (before && after[before] > after[e.kind]) fail(`${key} of ${id} came behind ${before}`);
  call.events.push(key);
  call.tservers.add(tserver);
  call.released = after[e.kind] === 3;
}

async function end(why) {
  clearTimeout(deadline);
  pair.removeAllListeners("exit");
  failed ??= why;
  pair.kill("SIGINT");
  await new Promise((r) => (pair.exitCode === null ? pair.on("exit", r) : r()));
  rmSync(keys, { recursive: true });
  if (failed) console.error(`FAILED: ${failed}`);
  process.exit(failed ? 1 : 0);
}

await until("the pair runs", () => facts.url && facts.pid && facts.ready);
const infos = [];
const client = new Client({
  url: facts.url,
  pair: "pair",
  name: "C2",
  seed: readFileSync(join(keys, "C2.nk"), "utf8").trim(),
  onEvent: event,
  onInfo: (text) => {
    infos.push(text);
    console.log(`  ${text}`);
  },
});
await client.start();

// A call that is seen from its beginning, and is up when A dies.
const whole = (c) => c.events.some((e) => e.startsWith("EventDialing"));
const up = () => [...calls.values()].filter((c) => whole(c) && !c.released && c.events.filter((e) => e.startsWith("EventEstablished")).length === 2);
await until("a call is up", () => up().length > 0 && facts.ready);
const [followed] = up();
process.kill(Number(facts.pid), "SIGKILL");
console.log(`A is killed; the call ${followed.connId} is up`);
await until("the call has ended at B", () => followed.released);
if (failed === null) {
  if (!followed.tservers.has("A") || !followed.tservers.has("B")) fail(`the call was told by ${[...followed.tservers]}, and not by A and then B`);
  if (followed.events.filter((e) => e.startsWith("EventReleased")).length < 1) fail(`the call's events are ${followed.events}`);
  if (!client.resumed?.complete) fail("B did not tell what was missed");
  if (client.epoch !== 2) fail(`the epoch is ${client.epoch}`);
}
// Calls that begin after the failover, too.
const fresh = [...calls.keys()].length + 2;
await until("calls go on", () => calls.size >= fresh);
await client.stop();
await end(failed ?? "");
