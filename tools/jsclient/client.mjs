// A client of a hotpair pair, written from docs/asyncapi.yaml and nothing else: it keeps a session with each T-Server, registers for the events of all DNs, and
// follows the primary through a failover without losing an event.

import { connect, nkeyAuthenticator } from "@nats-io/transport-node";

const RETRY = 2000; // ms between two hellos
const IDLE = 3000; // ms of silence before a poll

/** Client of a pair. onEvent(event, tserver) gets each event of a call once and in order, onInfo(text) what else happens. */
export class Client {
  constructor({ url, pair, name, seed, onEvent, onInfo = () => {} }) {
    Object.assign(this, { url, pair, name, seed, onEvent, onInfo });
    this.incarnation = Date.now(); // greater than any that was used before
    this.epoch = 0; // the highest that was seen
    this.last = null; // number of the last event
    this.links = {};
  }

  async start() {
    this.nc = await connect({
      servers: this.url,
      authenticator: nkeyAuthenticator(new TextEncoder().encode(this.seed)),
      inboxPrefix: `_INBOX.${this.pair}.${this.name}`,
      maxReconnectAttempts: -1,
    });
    const sub = this.nc.subscribe(`hotpair.${this.pair}.client.*.${this.name}`);
    for (const tserver of ["A", "B"]) this.links[tserver] = new Link(this, tserver);
    this.reading = (async () => {
      for await (const m of sub) this.links[m.subject.split(".")[3]]?.packet(m.json());
    })();
    for (const link of Object.values(this.links)) link.open();
  }

  async stop() {
    for (const link of Object.values(this.links)) link.bye();
    await this.nc.drain();
    await this.reading;
  }

  /** message takes what a T-Server says in a session. */
  message(link, msg) {
    if (msg.epoch > this.epoch) this.epoch = msg.epoch;
    const stale = (msg.epoch ?? 0) < this.epoch;
    switch (msg.kind) {
      case "EventServerInfo":
        this.onInfo(`${link.tserver} is ${msg.role} of epoch ${msg.epoch ?? 0}`);
        if (stale) return;
        link.primary = msg.role === "primary";
        if (link.primary) this.follow(link, msg);
        return;
      case "EventLinkConnected":
        this.onInfo(`${link.tserver}: EventLinkConnected`);
        if (link.primary && this.last === null && msg.seq && !stale) this.last = number(msg);
        return;
      case "EventResumed":
        if (stale) return;
        this.onInfo(`${link.tserver} resumes: ${msg.complete ? "complete" : "incomplete"}, ${msg.num ?? 0} to come`);
        link.resuming = false;
        this.resumed = { complete: Boolean(msg.complete), num: msg.num ?? 0 };
        if (!msg.complete) this.last = number(msg);
        return;
      case "EventDialing":
      case "EventRinging":
      case "EventEstablished":
      case "EventReleased":
      case "EventAbandoned":
        if (stale || link.resuming) return;
        if (this.last !== null && compare(number(msg), this.last) <= 0) return; // seen already
        this.last = number(msg);
        this.onEvent(msg, link.tserver);
        return;
      case "EventError":
        this.onInfo(`${link.tserver}: ${msg.text}`);
    }
  }

  /** follow begins to listen to a primary, where another one left off. */
  follow(link, info) {
    if (this.last === null) {
      if (info.seq) this.last = number(info);
      return;
    }
    link.resuming = true;
    const msg = { kind: "ResumeEvents", seq: this.last.seq };
    if (this.last.sub > 0) msg.sub = this.last.sub;
    link.say(msg);
  }
}

const number = (msg) => ({ seq: msg.seq, sub: msg.sub ?? 0 });
const compare = (a, b) => a.seq - b.seq || a.sub - b.sub;

/** Link is the session with one T-Server. */
class Link {
  constructor(client, tserver) {
    Object.assign(this, { client, tserver, session: 0, up: false, primary: false, resuming: false });
    this.subject = `hotpair.${client.pair}.client.${client.name}.${tserver}`;
  }

  publish(packet) {
    if (this.client.nc.isClosed()) return;
    this.client.nc.publish(this.subject, JSON.stringify(packet));
  }

  /** header is that of a packet of the session. */
  header(pkt) {
    return { pkt, fromInc: this.client.incarnation, toInc: this.peer, session: this.session };
  }

  /** open begins a new session. */
  open() {
    this.close();
    this.session++;
    const hello = () => this.publish({ pkt: "hello", fromInc: this.client.incarnation, session: this.session });
    hello();
    this.timer = setInterval(hello, RETRY);
  }

  close() {
    clearInterval(this.timer);
    clearTimeout(this.timer);
    this.up = this.primary = this.resuming = false;
    this.sent = this.got = 0;
  }

  /** lost: something is missing, or nothing comes any more. */
  lost(why) {
    this.client.onInfo(`${this.tserver}: the session is lost: ${why}`);
    this.publish(this.header("reset"));
    this.open();
  }

  bye() {
    if (this.up) this.publish(this.header("bye"));
    this.close();
  }

  say(msg) {
    if (this.client.epoch > 0) msg.epoch = this.client.epoch;
    this.publish({ ...this.header("data"), seq: ++this.sent, msg });
  }

  /** answerable is a poll or pollAck, which tells how many data were sent. */
  answerable(pkt) {
    return this.sent > 0 ? { ...this.header(pkt), seq: this.sent } : this.header(pkt);
  }

  heard() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.publish(this.answerable("poll"));
      this.timer = setTimeout(() => this.lost("silence"), IDLE);
    }, IDLE);
  }

  packet(p) {
    if (p.pkt === "knock") {
      if (!this.up || p.fromInc !== this.peer || p.session === this.session) this.open();
      return;
    }
    if (p.toInc !== this.client.incarnation || p.session !== this.session) return; // of another session
    if (p.pkt === "helloAck") {
      if (this.up) return;
      clearInterval(this.timer);
      this.peer = p.fromInc;
      this.up = true;
      this.publish(this.header("confirm"));
      this.heard();
      this.say({ kind: "RegisterAddress", thisDN: "*" });
      return;
    }
    if (!this.up || p.fromInc !== this.peer) return;
    this.heard();
    switch (p.pkt) {
      case "data":
        if (p.seq <= this.got) return;
        if (p.seq !== this.got + 1) return this.lost(`${p.seq} came behind ${this.got}`);
        this.got = p.seq;
        return this.client.message(this, p.msg);
      case "poll":
      case "pollAck":
        if ((p.seq ?? 0) > this.got) return this.lost(`${p.seq} were sent, and ${this.got} came`);
        if (p.pkt === "poll") this.publish(this.answerable("pollAck"));
        return;
      case "reset":
      case "bye":
        this.client.onInfo(`${this.tserver}: ${p.pkt}`);
        this.close();
        this.timer = setTimeout(() => this.open(), RETRY / 10);
    }
  }
}
