import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OwnAuthority } from './own-authority.js';
import { OwnPair } from './own-pair.js';

const NOW = Date.parse('2026-11-29T12:00:00Z');
const DAY_MS = 86_400_000;

describe('the server certificate that our own authority signs', () => {
  let folder: string;
  let authority: OwnAuthority;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-pair-'));
    authority = await OwnAuthority.open(folder, 'berth', NOW);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('stays until its last 30 days', async () => {
    const own = new OwnPair(authority);
    const first = await own.with(['a', 'b'], NOW);
    expect(await own.with(['a', 'b'], NOW + 334 * DAY_MS)).toBe(first);
    const second = await own.with(['a', 'b'], NOW + 335 * DAY_MS);
    expect(second).not.toBe(first);
    expect(await own.with(['a', 'b'], NOW + 336 * DAY_MS)).toBe(second);
  });

  it('is replaced where the clock was set back to before its beginning', async () => {
    const own = new OwnPair(authority);
    const first = await own.with(['a'], NOW + 300 * DAY_MS);
    const second = await own.with(['a'], NOW);
    expect(second).not.toBe(first);
    expect(await own.with(['a'], NOW)).toBe(second);
  });

  it('stays to its end where the authority ends with it', async () => {
    const own = new OwnPair(authority);
    const last = await own.with(['a'], NOW + 3_640 * DAY_MS);
    expect(await own.with(['a'], NOW + 3_641 * DAY_MS)).toBe(last);
  });

  it('is replaced where a name has come, and not where one has gone', async () => {
    const own = new OwnPair(authority);
    const first = await own.with(['a', 'b'], NOW);
    expect(await own.with(['b'], NOW)).toBe(first);
    expect(await own.with(['b', 'c'], NOW)).not.toBe(first);
  });
});
