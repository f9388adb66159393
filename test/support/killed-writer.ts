import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { openRows } from '#store-sqlite';
import { openStore } from '#store';

const WRITER = fileURLToPath(new URL('store-writer.mjs', import.meta.url));

/** The last revision that a writer acknowledged before it was killed, some time after its first. */
async function writeUntilKilled(folder: string, from: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, [WRITER, folder, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  let last = 0;
  lines.on('line', (line) => (last = Number(line)));
  await once(lines, 'line');
  setTimeout(() => child.kill('SIGKILL'), afterMs);
  await Promise.all([once(lines, 'close'), once(child, 'exit')]);
  return last;
}

/**
 * Kills a writer so many times, and looks each time whether the store has every acknowledged write, whole, and of the one
 * under way all or nothing.
 */
export async function killWriters(folder: string, rounds: number, mostMs: number): Promise<void> {
  let acknowledged = 0;
  for (let round = 1; round <= rounds; round += 1) {
    acknowledged = await writeUntilKilled(folder, acknowledged + 1, Math.random() * mostMs);
    const store = await openStore(await openRows(folder), { fleet: 'berth' });
    const { models, servers } = await store.declarations.read();
    await store.close();
    const revision = models.get('m')?.revision ?? 0;
    expect([acknowledged, acknowledged + 1]).toContain(revision);
    expect(servers.get('s')?.revision).toBe(revision);
    const present = Array.from({ length: revision }, (_, i) => models.get(`m${i + 1}`)?.revision);
    expect(present).toEqual(Array.from({ length: revision }, (_, i) => i + 1));
    expect(store.leadership.term).toBe(2 * round);
    acknowledged = revision;
  }
}
