import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '#store';
import { MemoryRows } from '#triton-simulator';
import { berthctl } from '../support/berthctl.js';
import { call, startWorld, type World } from '../support/running-scheduler.js';

const recordKey = (number: number): string => `told/audit/${String(number).padStart(16, '0')}`;

describe('berthctl audit', () => {
  let world: World;
  let texts: Map<string, string>;

  beforeAll(async () => {
    texts = new Map();
    world = await startWorld({
      parts: { openStore: () => openStore(new MemoryRows(texts), { fleet: 'berth' }) },
    });
  });

  afterAll(() => world.close());

  const ctl = (...args: string[]) => berthctl(args, { BERTH_URL: world.scheduler.http });

  /** Changes a record behind the back of Berth, and puts it back. */
  async function spoiled(number: number, change: object | null): Promise<string> {
    const key = recordKey(number);
    const text = texts.get(key)!;
    if (change === null) texts.delete(key);
    else texts.set(key, JSON.stringify({ ...(JSON.parse(text) as object), ...change }));
    const { status, out, err } = await ctl('audit', 'verify');
    texts.set(key, text);
    expect([status, out]).toEqual([1, '']);
    return err.trim();
  }

  it('says where there is nothing yet', async () => {
    expect(await ctl('audit')).toEqual({ status: 0, out: '', err: 'no records\n' });
    expect((await ctl('audit', 'verify')).out.split('\n')).toEqual([
      'admins: 0 records: each follows the one before',
      'programs: 0 records: each follows the one before',
      '',
    ]);
  });

  it('lists who changed what, the newest first', async () => {
    for (const name of ['m', 'n']) await call(world, 'PUT', `/v1/models/${name}`, { labels: { a: 'b' } });
    await call(world, 'PUT', '/v1/fleet/frozen', { reason: 'drivers' });
    const rows = (await ctl('audit')).out.split('\n').map((line) => line.split(/ {3,}/));
    expect(rows.map((row) => [row[0], ...row.slice(2)])).toEqual([
      ['NUMBER', 'CREDENTIAL', 'FROM', 'OPERATION', 'SUBJECT', 'REVISION'],
      ['3', 'anonymous', 'http 127.0.0.1', 'PUT /v1/fleet/frozen', 'freeze', '-'],
      ['2', 'anonymous', 'http 127.0.0.1', 'PUT /v1/models/n', 'model n', '0 -> 1'],
      ['1', 'anonymous', 'http 127.0.0.1', 'PUT /v1/models/m', 'model m', '0 -> 1'],
      [''],
    ]);
    const numbers = async (...args: string[]) =>
      (JSON.parse((await ctl('audit', '-o', 'json', ...args)).out) as { number: string }[]).map(
        ({ number }) => number,
      );
    expect(await numbers('--last', '2')).toEqual(['3', '2']);
    expect(await numbers('--kind', 'model')).toEqual(['2', '1']);
    expect(await numbers('--name', 'm')).toEqual(['1']);
    expect((await ctl('audit', '--kind', 'pin')).status).toBe(2);
  });

  it('verifies that each record follows the one before', async () => {
    const { status, out } = await ctl('audit', 'verify');
    expect([status, out.split('\n')[0]]).toEqual([
      0,
      'admins: 3 records, number 1 to 3: each follows the one before',
    ]);
    const told = JSON.parse((await ctl('audit', 'verify', '-o', 'json')).out) as object;
    expect(told).toEqual({
      admins: {
        ...{ records: 3, oldest: '1', newest: '3', compared: true },
        hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      programs: { records: 0, oldest: null, newest: null, compared: true, hash: null },
    });
    const { hash } = (told as { admins: { hash: string } }).admins;
    expect(out).toContain(`the hash of the newest is ${hash}`);
  });

  it('tells the first record that was changed or taken out, with status 1', async () => {
    expect(await spoiled(2, { credential: 'somebody else' })).toBe(
      'berthctl: the audit of admins is broken: record 2 is not the one that record 3 was written after',
    );
    expect(await spoiled(1, { operation: 'DELETE /v1/models/m' })).toContain('record 1 is not the one');
    expect(await spoiled(1, null)).toContain('record 1 is missing');
    expect(await spoiled(3, null)).toContain('record 3 is missing');
    expect(await spoiled(3, { operation: 'DELETE /v1/fleet/frozen' })).toContain(
      'record 3 is not the one that was written last',
    );
    expect((await ctl('audit', 'verify')).status).toBe(0);
  });

  it('keeps what programs did in a list of its own: their messages push out nothing that admins did', async () => {
    const before = (await ctl('audit')).out;
    for (const type of ['server.left', 'server.joined']) {
      const message = { type, id: type, data: { server: 'a' } };
      expect((await call(world, 'POST', '/v1/webhooks/fleet', message)).status).toBe(202);
    }
    expect((await ctl('audit')).out).toBe(before);
    const { out } = await ctl('audit', '--chain', 'programs', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject([
      { number: '2', operation: 'POST /v1/webhooks/fleet', subject: { kind: 'server', name: 'a' } },
      { number: '1' },
    ]);
    expect((await ctl('audit', 'verify')).out).toContain('programs: 2 records, number 1 to 2');
    texts.delete('told/audit-programs/0000000000000002');
    expect((await ctl('audit', 'verify')).err).toBe(
      'berthctl: the audit of programs is broken: record 2 is missing\n',
    );
  });

  it('verifies a Berth of before, and says that it cannot see what is missing at the ends', async () => {
    const { items } = (await call(world, 'GET', '/v1/audit')).body;
    const former = createServer((_, answer) => {
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify({ items, nextPageToken: '' }));
    });
    await once(former.listen(0, '127.0.0.1'), 'listening');
    const { port } = former.address() as AddressInfo;
    const { status, out, err } = await berthctl(['audit', 'verify'], {
      BERTH_URL: `http://127.0.0.1:${port}`,
    });
    former.close();
    expect([status, out.split('\n')[0]]).toEqual([
      0,
      'admins: 3 records, number 1 to 3: each follows the one before',
    ]);
    expect([out, err]).toEqual([
      expect.not.stringContaining('programs'),
      expect.stringMatching(/does not say/),
    ]);
  });
});
