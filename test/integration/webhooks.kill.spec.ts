import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AuditRecordMessage } from '#contracts';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { until } from '../support/until.js';

const KILLS = 3;
const SERVERS = 60;
const PATH = '/v1/webhooks/fleet';

const ids = Array.from({ length: SERVERS }, (_, nth) => `s${nth}`);

describe('messages to a Berth that is killed before it answers', () => {
  let berth: BerthProcess;

  beforeAll(async () => {
    const servers = ids.map((id, nth) => ({ id, grpc: `127.0.0.1:${nth + 1}` }));
    berth = await startBerth({ config: { servers } });
  });

  afterAll(() => berth.remove());

  /** Whether it was answered at all. */
  const send = async (server: string, id: string): Promise<boolean> => {
    const message = { type: 'server.leaving', id, data: { server, deadlineMs: 3_600_000 } };
    const answer = await berth.request<{ repeated: boolean }>('POST', PATH, message).catch(() => null);
    if (answer !== null) expect(answer.status).toBe(202);
    return answer !== null;
  };

  it.each(Array.from({ length: KILLS }, (_, nth) => nth + 1))('take effect once (kill %d)', async (kill) => {
    const id = (server: string): string => `${kill}-${server}`;
    let answered = 0;
    const sent = ids.map(async (server) => {
      if (await send(server, id(server))) answered += 1;
    });
    await until(() => answered > kill * 5);
    await berth.kill();
    await Promise.all(sent);
    await berth.start();
    for (const server of ids) expect(await send(server, id(server))).toBe(true);
    const { body } = await berth.request<{ items: AuditRecordMessage[] }>(
      'GET',
      '/v1/audit?chain=programs&pageSize=1000',
    );
    const counts = new Map<string | null, number>();
    for (const { subject } of body.items) counts.set(subject.name, (counts.get(subject.name) ?? 0) + 1);
    expect(ids.map((server) => counts.get(server))).toEqual(ids.map(() => kill));
    const list = await berth.request<{ items: { revision: string }[] }>('GET', '/v1/servers?pageSize=1000');
    expect(list.body.items.map(({ revision }) => revision)).toEqual(ids.map(() => String(kill)));
  });
});
