import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { call, startWorld, type World } from '../support/running-scheduler.js';

const PATH = '/v1/webhooks/fleet';
const SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const SERVERS = 20;
/** Of each message: so many that are signed well, and so many that are not. */
const GOOD = 450;
const BAD = 50;
const AT_A_TIME = 20;

/** A message and how it is sent. */
interface Sending {
  readonly id: string;
  readonly body: string;
  readonly isGood: boolean;
}

const ids = Array.from({ length: SERVERS }, (_, nth) => `s${nth}`);
const messages = ids.map((server): Sending => {
  const body = JSON.stringify({ type: 'server.leaving', data: { server, deadlineMs: 3_600_000 } });
  return { id: `msg-${server}`, body, isGood: true };
});

describe('10,000 copies of 20 messages, shuffled, some of them with bad signatures', () => {
  let world: World;
  let ahead = 0;

  const now = (): number => Date.now() + ahead;

  const send = async ({ id, body, isGood }: Sending): Promise<string> => {
    const at = new Date(now());
    const reply = await call(world, 'POST', PATH, isGood ? body : `${body} `, {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(SECRET).sign(id, at, body),
    });
    return reply.status === 202 ? `202 ${reply.body.repeated}` : `${reply.status} ${reply.body.reason}`;
  };

  /** How often each was answered. */
  async function sendAll(sendings: readonly Sending[]): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    const waiting = [...sendings];
    const sender = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const answer = await send(next);
        counts[answer] = (counts[answer] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, sender));
    return counts;
  }

  beforeAll(async () => {
    world = await startWorld({
      yaml: 'webhooks: { fleet: { secretFiles: [/secret] } }',
      files: { '/secret': SECRET },
      parts: { wallNow: now },
    });
    for (const [nth, id] of ids.entries())
      await call(world, 'PUT', `/v1/servers/${id}`, { grpc: `127.0.0.1:${nth + 1}` });
  });

  afterAll(() => world.close());

  const revisions = async (): Promise<string[]> => {
    const { body } = await call(world, 'GET', '/v1/servers?pageSize=100');
    return body.items.flatMap(({ id, revision }: { id: string; revision: string }) =>
      ids.includes(id) ? [revision] : [],
    );
  };

  it('take effect once each', async () => {
    const good = messages.flatMap((one) => Array.from({ length: GOOD }, () => one));
    const bad = messages.flatMap((one) => Array.from({ length: BAD }, () => ({ ...one, isGood: false })));
    // A fixed shuffle, so that a failure comes again.
    const shuffled = [...good, ...bad]
      .map((one, nth) => ({ one, at: (nth * 7_919) % 10_007 }))
      .toSorted((one, other) => one.at - other.at)
      .map(({ one }) => one);
    expect(await sendAll(shuffled)).toEqual({
      '202 false': SERVERS,
      '202 true': good.length - SERVERS,
      '401 not_signed_in': bad.length,
    });
    expect(new Set(await revisions())).toEqual(new Set(['2']));
  });

  it('change nothing after 10 minutes either, whether they are signed anew or sent as they were', async () => {
    const [{ id, body }] = messages as [Sending];
    const at = new Date(now());
    const head = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': new Webhook(SECRET).sign(id, at, body),
    };
    ahead = 600_000;
    expect((await call(world, 'POST', PATH, body, head)).status).toBe(401);
    expect(await sendAll(messages)).toEqual({ '202 true': SERVERS });
    await world.restart();
    expect(await sendAll(messages)).toEqual({ '202 true': SERVERS });
    expect(new Set(await revisions())).toEqual(new Set(['2']));
  });
});
