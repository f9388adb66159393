import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BerthProcess, startBerth } from '../support/berth-process.js';
import { smallDisk } from '../support/small-disk.js';
import { PATIENCE_MS, until } from '../support/until.js';

const LATER = 24;

interface Answer {
  readonly reason?: string;
  readonly nextPageToken?: string;
  readonly items?: readonly { readonly name: string; readonly source: string }[];
}

const folder = mkdtempSync(join(tmpdir(), 'berth-full-disk-'));
const disk = smallDisk(folder);

afterAll(() => disk.remove());

describe(`a disk that is full (${disk.by})`, () => {
  let berth: BerthProcess;
  const acknowledged = new Set<string>();

  beforeAll(async () => {
    berth = await startBerth({ dataDir: join(folder, 'data') });
    await berth.ready();
    const { status } = await berth.request('POST', '/v1/models/resnet50/resolve', { waitMs: PATIENCE_MS });
    expect(status).toBe(200);
  });

  it('ends no route, and is told to whoever writes and to whoever asks for the health', async () => {
    if (disk.by === 'tmpfs') await until(async () => (await declareMany()) === 503);
    else expect(await declareMany()).toBe(200);
    disk.fill(berth.pid);
    const refused = await berth.request<Answer>('PUT', '/v1/models/refused', large());
    expect([refused.status, refused.body.reason]).toEqual([503, 'store_unavailable']);
    expect((await berth.request('GET', '/health/ready')).body).toEqual({ status: 'ready', store: 'failing' });
    expect((await berth.request('POST', '/v1/models/resnet50/resolve', { waitMs: 0 })).status).toBe(200);
  });

  it.each([
    ['SIGKILL', () => berth.kill()],
    ['SIGTERM', () => berth.stop()],
  ])('that is made larger loses nothing that was acknowledged since, nor before: %s', async (name, end) => {
    disk.enlarge(berth.pid);
    for (let at = 1; at <= LATER; at += 1) expect(await declare(`${name.toLowerCase()}-${at}`)).toBe(201);
    expect((await berth.request('GET', '/health/ready')).body).toEqual({ status: 'ready' });
    await end();
    await berth.start();
    await berth.ready();
    expect(await declared()).toEqual(acknowledged);
  });

  async function declare(name: string): Promise<number> {
    const { status } = await berth.request('PUT', `/v1/models/${name}`, large());
    if (status === 201) acknowledged.add(name);
    return status;
  }

  async function declareMany(): Promise<number> {
    const names = Array.from({ length: 200 }, (_, at) => `many-${acknowledged.size + at}`);
    const models = Object.fromEntries(names.map((name) => [name, large()]));
    const { status } = await berth.request('POST', '/v1/models:batch', { models });
    if (status < 300) for (const name of names) acknowledged.add(name);
    return status;
  }

  async function declared(): Promise<ReadonlySet<string>> {
    const found = new Set<string>();
    let token: string | undefined = '';
    while (token !== undefined) {
      const path: string = `/v1/models?pageSize=1000${token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`}`;
      const { body } = await berth.request<Answer>('GET', path);
      for (const { name, source } of body.items ?? []) if (source === 'api') found.add(name);
      token = body.nextPageToken || undefined;
    }
    return found;
  }
});

/** A declaration of about a kilobyte. */
const large = () => ({
  labels: Object.fromEntries(Array.from({ length: 16 }, (_, at) => [`key-${at}`, 'x'.repeat(50)])),
});
