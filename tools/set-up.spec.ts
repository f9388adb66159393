import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** Runs the tools as `npm start` does, in a small project that borrows our dependencies. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = 'apps/scheduler/src/main.ts';
const SERVICE = `
console.log('flags', process.argv.slice(2).join(' '));
const life = setInterval(() => {}, 1000);
process.on('SIGTERM', () => { clearInterval(life); process.exitCode = 7; });
console.log('up');
`;

let project: string;

describe('npm start', () => {
  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'berth-set-up-'));
    await cp(join(ROOT, 'tools'), join(project, 'tools'), { recursive: true });
    await cp(join(ROOT, 'tsconfig.build.json'), join(project, 'tsconfig.build.json'));
    await symlink(join(ROOT, 'node_modules'), join(project, 'node_modules'));
    await write('package.json', '{ "type": "module" }');
    await write('package-lock.json', '{ "packages": {} }');
    await write('tsconfig.json', JSON.stringify({ compilerOptions: { ...SETTINGS, types: ['node'] } }));
    await write(MAIN, SERVICE);
  });

  afterAll(() => rm(project, { recursive: true, force: true }));

  it('compiles, becomes the service with its flags, and ends as that ends', async () => {
    const service = start('--triton', '127.0.0.1:8001');
    await service.says('up');
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(7);
    expect(service.text()).toContain('flags --triton 127.0.0.1:8001');
  });

  it('compiles no second time where nothing changed', async () => {
    const compiled = join(project, 'dist', MAIN.replace(/ts$/, 'js'));
    const before = await stat(compiled);
    const service = start();
    await service.says('up');
    service.child.kill('SIGTERM');
    await service.ended;
    expect((await stat(compiled)).mtimeMs).toBe(before.mtimeMs);
  });

  it('does not start what does not compile, and says why each time', async () => {
    await write(MAIN, 'const answer: number = "many";\nconsole.log(answer);\n');
    for (const _attempt of [1, 2]) {
      const service = start();
      expect(await service.ended).toBe(1);
      expect(service.text()).toContain(`${MAIN}(1,7): error TS2322`);
    }
  });

  it('compiles what is left where a source went away', async () => {
    await write('libs/core/src/gone.ts', 'export const here = 1;\n');
    await write(MAIN, "import '../../../libs/core/src/gone.js';\nconsole.log('up');\n");
    expect(await start().ended).toBe(0);
    await rm(join(project, 'libs/core/src/gone.ts'));
    expect(await start().ended).toBe(1);
    await write(MAIN, "console.log('up');\n");
    expect(await start().ended).toBe(0);
  });

  it('does not empty the node_modules of another checkout that it was lent', async () => {
    await write('lent/someone/package.json', '{}');
    await rm(join(project, 'node_modules'));
    await symlink(join(project, 'lent'), join(project, 'node_modules'));
    await write('package.json', '{ "name": "small", "version": "1.0.0", "type": "module" }');
    const lock = {
      name: 'small',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': { name: 'small' } },
    };
    await write('package-lock.json', JSON.stringify(lock));
    await start().ended;
    expect(existsSync(join(project, 'node_modules'))).toBe(false);
    expect(existsSync(join(project, 'lent/someone/package.json'))).toBe(true);
  });
});

const SETTINGS = {
  module: 'NodeNext',
  target: 'ES2023',
  rootDir: '.',
  outDir: 'dist',
  strict: true,
  skipLibCheck: true,
};

interface Started {
  readonly child: ChildProcess;
  /** The exit status. */
  readonly ended: Promise<number | null>;
  text(): string;
  says(word: string): Promise<void>;
}

function start(...flags: string[]): Started {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, ['tools/start.mjs', ...flags], { cwd: project, stdio: [...stdio] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += String(chunk)));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const says = async (word: string): Promise<void> => {
    while (!text.includes(word)) {
      const last = await Promise.race([
        ended.then(() => 'end'),
        once(child.stdout as NodeJS.EventEmitter, 'data'),
      ]);
      if (last === 'end' && !text.includes(word)) throw new Error(`ended without '${word}':\n${text}`);
    }
  };
  return { child, ended, text: () => text, says };
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(project, path)), { recursive: true });
  await writeFile(join(project, path), text);
}
