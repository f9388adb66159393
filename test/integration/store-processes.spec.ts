import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openRows } from '#embedded';
import { openStore, type Store } from '#kept';

const SUPPORT = fileURLToPath(new URL('../support', import.meta.url));
const ROUNDS = 6;

describe('the store among processes', () => {
  let folder: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-store-'));
  });

  afterEach(async () => {
    await Promise.all(children.splice(0).map(killed));
    await rm(folder, { recursive: true, force: true });
  });

  it('is for one process at a time, also after this one tried to open it twice', async () => {
    const store = await opened();
    expect(await keeper()).toMatch(/^in_use .*another process/);
    await expect(opened()).rejects.toMatchObject({ reason: 'in_use' });
    expect(await keeper()).toMatch(/^in_use .*another process/);
    await store.close();
    expect(await keeper()).toBe('open');
    await expect(opened()).rejects.toMatchObject({
      reason: 'in_use',
      message: expect.stringContaining('another process'),
    });
  });

  it('is free again once the process that had it was killed', async () => {
    expect(await keeper()).toBe('open');
    await killed(children[0]!);
    const store = await opened();
    expect(store.leadership.term).toBe(2);
    await store.close();
  });

  it(`has every acknowledged write, whole, after kill -9 (${ROUNDS} rounds)`, async () => {
    let acknowledged = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      acknowledged = await writeUntilKilled(acknowledged + 1, 20 + Math.random() * 150);
      const store = await opened();
      const { models, servers } = await store.declarations.read();
      await store.close();
      const revision = models.get('m')?.revision ?? 0;
      expect(revision).toBeGreaterThanOrEqual(acknowledged);
      expect(servers.get('s')?.revision).toBe(revision);
      const present = Array.from({ length: revision }, (_, i) => models.get(`m${i + 1}`)?.revision);
      expect(present).toEqual(Array.from({ length: revision }, (_, i) => i + 1));
      expect(store.leadership.term).toBe(2 * round);
      acknowledged = revision;
    }
  });

  async function opened(): Promise<Store> {
    return openStore(await openRows(folder), { fleet: 'berth' });
  }

  /** What a keeper says first. */
  async function keeper(): Promise<string> {
    const child = start('store-keeper.mjs', folder);
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    return line;
  }

  /** The last revision that a writer acknowledged before it was killed, some time after its first. */
  async function writeUntilKilled(from: number, afterMs: number): Promise<number> {
    const child = start('store-writer.mjs', folder, String(from));
    const lines = createInterface({ input: child.stdout! });
    let last = 0;
    lines.on('line', (line) => (last = Number(line)));
    await once(lines, 'line');
    setTimeout(() => child.kill('SIGKILL'), afterMs);
    await Promise.all([once(lines, 'close'), once(child, 'exit')]);
    return last;
  }

  function start(script: string, ...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [join(SUPPORT, script), ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.push(child);
    return child;
  }
});

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}
