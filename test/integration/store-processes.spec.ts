import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openRows } from '#store-sqlite';
import { openStore, type Store } from '#store';
import { killWriters } from '../support/killed-writer.js';

const SUPPORT = fileURLToPath(new URL('../support', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/apps/scheduler/src/main.js', import.meta.url));
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
    await killWriters(folder, ROUNDS, 150);
  });

  it('names the folder, and ends, where it can be none', async () => {
    const [line, code] = await startedWith({ BERTH_DATA: '/proc/berth/data' });
    expect([line, code]).toEqual([
      expect.stringContaining('berth: the folder /proc/berth/data cannot be used: '),
      1,
    ]);
  });

  it('says what is missing, and nothing of damage, where SQLite cannot be loaded', async () => {
    // Makes libsql look for its binary where there is none.
    const [line, code] = await startedWith({ BERTH_DATA: folder, LIBSQL_JS_DEV: '1' });
    expect([line, code]).toEqual([
      expect.stringContaining(`berth: the store in ${folder} cannot be opened: SQLite could not be loaded`),
      1,
    ]);
    expect(line).toContain(`on ${process.platform}-${process.arch}`);
    expect(line).toContain('`npm ci` without `--omit=optional`');
    expect(line).not.toMatch(/damage|delete/);
  });

  /** The first line of Berth's errors, and its exit status. */
  async function startedWith(settings: Readonly<Record<string, string>>): Promise<[string, number]> {
    const env = { ...process.env, BERTH_HTTP: '127.0.0.1:0', BERTH_GRPC: '127.0.0.1:0', ...settings };
    const child = spawn(process.execPath, [MAIN], { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    const [[line], [code]] = await Promise.all([
      once(createInterface({ input: child.stderr }), 'line') as Promise<[string]>,
      once(child, 'exit') as Promise<[number]>,
    ]);
    return [line, code];
  }

  async function opened(): Promise<Store> {
    return openStore(await openRows(folder), { fleet: 'berth' });
  }

  /** What a keeper says first. */
  async function keeper(): Promise<string> {
    const child = start('store-keeper.mjs', folder);
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    return line;
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
