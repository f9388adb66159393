import { describe, expect, it } from '@jest/globals';
import type { ContactFact } from '#core';
import { Agenda } from '#triton-simulator';
import { Contact, type ContactParts } from './contact.js';
import type { Attempt } from './tcp.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A server in virtual time that answers each try as it is told to. */
class FakeServer {
  readonly triedAt: number[] = [];
  readonly facts: ContactFact[] = [];
  readonly failures: (string | null)[] = [];
  /** Channels that were opened and not closed. */
  channels = 0;
  answer: Attempt = 'refused';
  connects: string | null = null;
  /** How long a connection stands; null: until it is ended. */
  standsMs: number | null = null;
  /** Whether it answers a call at once on each connection. */
  answersCalls = false;
  readonly contact: Contact;
  private ended: () => void = () => undefined;

  constructor(
    private readonly agenda: Agenda,
    id = 't0',
  ) {
    const parts: ContactParts = {
      id,
      attempt: () => {
        this.triedAt.push(agenda.now());
        return Promise.resolve(this.answer);
      },
      open: () => this.channel(),
      tell: (fact) => void this.facts.push(fact),
      tellFailure: (reason) => void this.failures.push(reason),
      after: (ms, run) => agenda.after(ms, run),
    };
    this.contact = new Contact(parts);
  }

  private channel(): ReturnType<ContactParts['open']> {
    this.channels += 1;
    const close = (): void => void (this.channels -= 1);
    return {
      connect: () => Promise.resolve(this.connects),
      whenEnded: (run) => this.stand(run),
      release: close,
      close,
      call: () => Promise.reject(new Error('it has no calls')),
    };
  }

  private stand(ended: () => void): void {
    this.ended = ended;
    if (this.standsMs !== null) this.agenda.after(this.standsMs, ended);
    if (this.answersCalls) this.agenda.after(0, () => this.contact.prove(this.contact.connected));
  }

  end(): void {
    this.ended();
  }

  /** Lets time pass, and what follows from each moment happen in it. */
  async pass(ms: number): Promise<void> {
    const end = this.agenda.now() + ms;
    await settle();
    for (let due = this.agenda.nextDue(); due !== undefined && due <= end; due = this.agenda.nextDue()) {
      this.agenda.runNext();
      await settle();
    }
    this.agenda.runUntil(end);
  }
}

const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

const gapsOf = (times: readonly number[]): number[] => times.slice(1).map((at, nth) => at - times[nth]!);

describe('the tries of a connection to a server that is away', () => {
  it('back off to 30 s, and wait no longer than it has been away so far', async () => {
    const server = new FakeServer(new Agenda());
    server.contact.start();
    await server.pass(10 * MINUTE);
    const gaps = gapsOf(server.triedAt);
    expect(gaps[0]).toBeLessThanOrEqual(100);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
    expect(Math.min(...gaps.slice(-5))).toBeGreaterThanOrEqual(22_500);
    expect(gaps.every((gap, nth) => gap <= server.triedAt[nth]! + 100)).toBe(true);
  });

  it.each<Attempt>(['refused', 'unresolvable', 'unreachable', 'silent', 'closed', 'not_grpc'])(
    'are few in an hour where it is %s, open no channel, and tell one fact at most',
    async (answer) => {
      const server = new FakeServer(new Agenda());
      server.answer = answer;
      server.contact.start();
      await server.pass(HOUR);
      expect(server.triedAt.length).toBeLessThan(HOUR / 22_500 + 20);
      expect(server.channels).toBe(0);
      expect(server.facts).toEqual(answer === 'refused' ? ['refused'] : []);
    },
  );

  it('close the channel that comes to nothing', async () => {
    const server = new FakeServer(new Agenda());
    server.answer = 'accepted';
    server.connects = 'no handshake';
    server.contact.start();
    await server.pass(HOUR);
    expect(server.channels).toBe(0);
    expect(new Set(server.failures)).toEqual(new Set(['no_handshake']));
  });

  it('are not in step with those of other servers', async () => {
    const agenda = new Agenda();
    const servers = Array.from({ length: 20 }, (_, nth) => new FakeServer(agenda, `t${nth}`));
    for (const server of servers) server.contact.start();
    await servers[0]!.pass(10 * MINUTE);
    const last = servers.map(({ triedAt }) => Math.round(triedAt.at(-1)! / 1_000));
    expect(new Set(last).size).toBeGreaterThan(10);
  });

  it('begin anew at the first pause once it was connected', async () => {
    const server = new FakeServer(new Agenda());
    server.contact.start();
    await server.pass(10 * MINUTE);
    server.answer = 'accepted';
    await server.pass(30_000);
    expect(server.channels).toBe(1);
    server.answer = 'refused';
    const tries = server.triedAt.length;
    server.end();
    await server.pass(300);
    expect(server.triedAt.length - tries).toBeGreaterThanOrEqual(3);
    expect(server.facts).toEqual(['refused', 'connected', 'ended', 'refused']);
    expect(server.channels).toBe(0);
  });

  it('wait for no pause where the server is to be looked at', async () => {
    const server = new FakeServer(new Agenda());
    server.contact.start();
    await server.pass(10 * MINUTE);
    const tries = server.triedAt.length;
    const looked = server.contact.reach(5_000).catch((error: Error) => error.message);
    await settle();
    expect(server.triedAt.length).toBe(tries + 1);
    expect(await looked).toMatch(/refused/);

    server.answer = 'accepted';
    await expect(server.contact.reach(5_000)).resolves.toBeUndefined();
    expect(server.facts).toEqual(['refused', 'connected']);
  });
});

describe('the connections to a server that speaks gRPC and ends each of them', () => {
  const connectedIn = async (ms: number, how: Partial<FakeServer>): Promise<FakeServer> => {
    const server = Object.assign(new FakeServer(new Agenda()), { answer: 'accepted' }, how);
    server.contact.start();
    await server.pass(ms);
    return server;
  };

  it.each([0, 5, 1_000])(
    'are few where that is %d ms later, and it is told what is wrong',
    async (standsMs) => {
      const server = await connectedIn(10 * MINUTE, { standsMs });
      expect(server.triedAt.length).toBeLessThan((10 * MINUTE) / 22_500 + 20);
      expect(new Set(server.failures)).toEqual(new Set(['no_handshake']));
      expect(server.channels).toBe(0);
    },
  );

  it('are ten in a second at most where calls were answered, and nothing is wrong with it', async () => {
    const server = await connectedIn(MINUTE, { standsMs: 5, answersCalls: true });
    expect(server.triedAt.length).toBeLessThanOrEqual(MINUTE / 75);
    expect(Math.max(...gapsOf(server.triedAt))).toBeLessThanOrEqual(105);
    expect(new Set(server.failures)).toEqual(new Set([null]));
  });

  it('are made anew at once where they stood', async () => {
    const server = await connectedIn(10 * MINUTE, { standsMs: 10_000 });
    expect(new Set(gapsOf(server.triedAt))).toEqual(new Set([10_000]));
    expect(new Set(server.failures)).toEqual(new Set([null]));
  });

  it('are nothing wrong any more once one stands, or once a call was answered', async () => {
    const stands = await connectedIn(10 * MINUTE, { standsMs: 5 });
    stands.standsMs = null;
    await stands.pass(MINUTE);
    expect(stands.failures.at(-1)).toBeNull();

    const answers = await connectedIn(10 * MINUTE, { standsMs: 5 });
    answers.answersCalls = true;
    await answers.pass(MINUTE);
    expect(answers.failures.at(-1)).toBeNull();
    expect(gapsOf(answers.triedAt).at(-1)).toBeLessThanOrEqual(105);
  });
});
