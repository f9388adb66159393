import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
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

describe('npm start, with tools that only the compiler needs', () => {
  const PEER = {
    peerDependencies: { typescript: '*' },
    peerDependenciesMeta: { typescript: { optional: true } },
  };

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'berth-set-up-'));
    await cp(join(ROOT, 'tools'), join(project, 'tools'), { recursive: true });
    await cp(join(ROOT, 'tsconfig.build.json'), join(project, 'tsconfig.build.json'));
    await write('tsconfig.json', '{}');
    await write(MAIN, "import 'framework';\nconsole.log('up');\n");
    await write('packages/typescript/bin/tsc', COMPILER);
    const dependencies = { framework: await packed('framework', PEER) };
    const devDependencies = {
      typescript: await packed('typescript', { bin: { tsc: 'bin/tsc' } }),
      tool: await packed('tool'),
    };
    await write('package.json', JSON.stringify({ type: 'module', dependencies, devDependencies }));
    execFileSync('npm', ['install', '--package-lock-only', '--offline'], { cwd: project });
  });

  afterAll(() => rm(project, { recursive: true, force: true }));

  it('removes them once it has compiled, those too that a dependency could use', async () => {
    expect(await started()).toContain('compiled');
    expect(await installed()).toEqual(['framework']);
    expect(await readdir(join(project, 'node_modules/.bin'))).toEqual([]);
  });

  it('neither installs nor compiles where nothing changed', async () => {
    expect(await started()).toBe('up\n');
  });

  it.each([MAIN, 'package-lock.json'])(
    'compiles again after a change of %s, and removes them again',
    async (path) => {
      await appendFile(join(project, path), '\n');
      expect(await started()).toContain('compiled');
      expect(await installed()).toEqual(['framework']);
    },
  );

  it('needs none of them beside what was compiled and the production dependencies', async () => {
    execFileSync('npm', ['ci', '--omit=dev'], { cwd: project });
    expect(await started()).toBe('up\n');
  });

  it('compiles again what did not compile', async () => {
    await appendFile(join(project, MAIN), 'ERROR\n');
    expect(await start().ended).toBe(1);
    await write(MAIN, "import 'framework';\nconsole.log('up');\n");
    expect(await started()).toContain('compiled');
  });

  it('keeps those that a developer has installed', async () => {
    expect(await tool('set-up.mjs').ended).toBe(0);
    await appendFile(join(project, MAIN), '\n');
    expect(await started()).toContain('compiled');
    expect(await installed()).toEqual(ALL);
    await appendFile(join(project, 'package-lock.json'), '\n');
    await started();
    expect(await installed()).toEqual(ALL);
  });

  it('removes those, too, where it is asked to, but none of another checkout', async () => {
    await rename(join(project, 'node_modules'), join(project, 'lent'));
    await symlink(join(project, 'lent'), join(project, 'node_modules'));
    expect(await tool('set-up.mjs', '--prune').ended).toBe(1);
    expect(await installed()).toEqual(ALL);
    await rm(join(project, 'node_modules'));
    expect(await tool('set-up.mjs', '--prune').ended).toBe(0);
    expect(await installed()).toEqual(['framework']);
  });
});

const ALL = ['framework', 'tool', 'typescript'];

/** Copies: no type is in what it compiles here. */
const COMPILER = `
const { cpSync, readFileSync } = require('node:fs');
if (readFileSync('${MAIN}', 'utf8').includes('ERROR')) process.exit(1);
cpSync('${MAIN}', 'dist/${MAIN.replace(/ts$/, 'js')}');
console.log('compiled');
`;

/** A package as npm reads it from a file, so that no registry is asked. */
async function packed(name: string, more: object = {}): Promise<string> {
  await write(`packages/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', ...more }));
  await write(`packages/${name}/index.js`, '');
  execFileSync('tar', ['czf', `${name}.tgz`, '-C', 'packages', name], { cwd: project });
  return `file:${name}.tgz`;
}

async function installed(): Promise<string[]> {
  return (await readdir(join(project, 'node_modules'))).filter((name) => !name.startsWith('.')).toSorted();
}

/** What it says, once it has ended. */
async function started(): Promise<string> {
  const service = start();
  expect(await service.ended).toBe(0);
  return service.text();
}

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
  return tool('start.mjs', ...flags);
}

function tool(name: string, ...flags: string[]): Started {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const child = spawn(process.execPath, [`tools/${name}`, ...flags], { cwd: project, stdio: [...stdio] });
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
