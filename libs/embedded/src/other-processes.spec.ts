import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { transformFile } from '@swc/core';
import { openStore } from './index.js';

const ROUNDS = 6;

/** Opens the store, says how that went, and keeps it until its input ends. */
const KEEPER = `
  import { openStore } from './index.js';
  const [folder] = process.argv.slice(2);
  const store = await openStore({ folder, fleet: 'berth' }).catch((error) => {
    console.log(error.reason + ' ' + error.message);
    process.exit(1);
  });
  console.log('open');
  process.stdin.on('end', () => store.close()).resume();
`;

/** Writes one revision after the other to a model and a server together, and says each that is acknowledged. */
const WRITER = `
  import { openStore } from './index.js';
  const [folder, from] = process.argv.slice(2);
  const { declarations } = await openStore({ folder, fleet: 'berth' });
  for (let revision = Number(from); ; revision += 1) {
    const spec = { filler: 'x'.repeat(revision % 4000) };
    await declarations.write([
      { kind: 'model', name: 'm', value: { revision, spec } },
      { kind: 'model', name: 'm' + revision, value: { revision, spec } },
      { kind: 'server', id: 's', value: { revision, spec: null, drain: null } },
    ]);
    console.log(revision);
  }
`;

describe('the store among processes', () => {
  let code: string;
  let folder: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    code = await compiled();
  });

  afterAll(() => rm(code, { recursive: true, force: true }));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-store-'));
  });

  afterEach(async () => {
    await Promise.all(children.splice(0).map(killed));
    await rm(folder, { recursive: true, force: true });
  });

  it('is for one process at a time, also after this one tried to open it twice', async () => {
    const store = await openStore({ folder, fleet: 'berth' });
    expect(await keeper()).toMatch(/^in_use .*another process/);
    await expect(openStore({ folder, fleet: 'berth' })).rejects.toMatchObject({ reason: 'in_use' });
    expect(await keeper()).toMatch(/^in_use .*another process/);
    await store.close();
    expect(await keeper()).toBe('open');
    await expect(openStore({ folder, fleet: 'berth' })).rejects.toMatchObject({
      reason: 'in_use',
      message: expect.stringContaining('another process'),
    });
  });

  it('is free again once the process that had it was killed', async () => {
    expect(await keeper()).toBe('open');
    await killed(children[0]!);
    const store = await openStore({ folder, fleet: 'berth' });
    expect(store.leadership.term).toBe(2);
    await store.close();
  });

  it(`has every acknowledged write, whole, after kill -9 (${ROUNDS} rounds)`, async () => {
    let acknowledged = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      acknowledged = await writeUntilKilled(acknowledged + 1, 20 + Math.random() * 150);
      const store = await openStore({ folder, fleet: 'berth' });
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

  /** What a keeper says first. */
  async function keeper(): Promise<string> {
    const child = start('keeper.js', folder);
    const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string];
    return line;
  }

  /** The last revision that a writer acknowledged before it was killed, some time after its first. */
  async function writeUntilKilled(from: number, afterMs: number): Promise<number> {
    const child = start('writer.js', folder, String(from));
    const lines = createInterface({ input: child.stdout! });
    let last = 0;
    lines.on('line', (line) => (last = Number(line)));
    await once(lines, 'line');
    setTimeout(() => child.kill('SIGKILL'), afterMs);
    await Promise.all([once(lines, 'close'), once(child, 'exit')]);
    return last;
  }

  function start(script: string, ...args: string[]): ChildProcess {
    const child = spawn(process.execPath, [join(code, script), ...args], {
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

/** This library as JavaScript, in a folder of its own from which its packages are found. */
async function compiled(): Promise<string> {
  const source = dirname(fileURLToPath(import.meta.url));
  const cache = join(source, '..', '..', '..', '.cache');
  await mkdir(cache, { recursive: true });
  const target = await mkdtemp(join(cache, 'embedded-'));
  for (const file of await readdir(source)) {
    if (file.endsWith('.spec.ts')) continue;
    const { code } = await transformFile(join(source, file), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    });
    await writeFile(join(target, file.replace(/\.ts$/, '.js')), code);
  }
  await writeFile(join(target, 'keeper.js'), KEEPER);
  await writeFile(join(target, 'writer.js'), WRITER);
  return target;
}
