// Starts a pair, follows its calls as client C2, kills the primary with SIGKILL in the middle of a call, and sees that the call ends at the other T-Server under the same Connection ID, that this one
// tells what was missed, and that no event is lost, doubled or out of order. The primary is A, unless B was the first to have read the switch (R7).

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

/** facts tells what hotpair up prints: where NATS is, the processes of A and B, and readiness. */
const facts = { pids: {} };
createInterface({ input: pair.stdout }).on("line", (line) => {
  facts.url ??= /runs on (nats:\/\/[0-9.:]+)/.exec(line)?.[1];
  facts.pids.A ??= /kill -9 (\d+)/.exec(line)?.[1];
  facts.pids.B ??= /kill -STOP (\d+)/.exec(line)?.[1];
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

await until("the pair runs", () => facts.url && facts.pids.A && facts.pids.B && facts.ready);
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
const primary = () => Object.values(client.links).find((l) => l.primary)?.tserver;
await until("a call is up", () => facts.ready && primary() && up().some((c) => c.tservers.has(primary())));
if (failed === null) await failover();

async function failover() {
  const [old, epoch] = [primary(), client.epoch];
  const other = old === "A" ? "B" : "A";
  const followed = up().find((c) => c.tservers.has(old));
  process.kill(Number(facts.pids[old]), "SIGKILL");
  console.log(`${old} is killed; the call ${followed.connId} is up`);
  await until(`the call has ended at ${other}`, () => followed.released);
  if (failed !== null) return;
  if (!followed.tservers.has(other)) fail(`the call was told by ${[...followed.tservers]}, and not by ${old} and then ${other}`);
  if (followed.events.filter((e) => e.startsWith("EventReleased")).length < 1) fail(`the call's events are ${followed.events}`);
  if (!client.resumed?.complete) fail(`${other} did not tell what was missed`);
  if (client.epoch !== epoch + 1) fail(`the epoch was ${epoch}, and is ${client.epoch}`);
}

// Calls that begin after the failover, too.
const fresh = [...calls.keys()].length + 2;
await until("calls go on", () => calls.size >= fresh);
await client.stop();
await end(failed ?? "");
