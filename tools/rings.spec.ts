import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** Breaks each rule of `.dependency-cruiser.cjs` once, in a project of its own, and expects to be caught. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** The rooms of the core in the order of the rules, the lowest first, and the one above the turn. */
const ROOMS = [...rulesWithRooms(), 'plan'];

/** The rooms of the scheduler, the lowest first. */
const ROOMS_OF_SCHEDULER = ['transport', 'cluster', 'admin', 'integrations', 'routing', 'bootstrap'];

/** `rule: file that breaks it` -> what it imports. */
const BREACHES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no-cycles': {
    'libs/core/src/ouroboros.ts': './ouroboros.js',
    'libs/core/src/numbers/head.ts': './tail.js',
  },
  'no-circles-in-apps': { 'apps/scheduler/src/composed.ts': './uses-composed.js' },
  'all-resolve': { 'libs/triton/src/lost.ts': './nowhere.js' },
  'core-imports-nothing': {
    'libs/core/src/reads-files.ts': 'node:fs',
    'libs/core/src/takes-a-library.ts': 'zod',
    'libs/core/src/knows-the-engine.ts': '#engine',
  },
  'rooms-in-order': upstairs(),
  'scheduler-in-order': upstairsInScheduler(),
  'turns-do-not-plan': { 'libs/core/src/foresees.ts': './plan/room.js' },
  'engine-imports-core': {
    'libs/engine/src/opens-a-socket.ts': 'node:net',
    'libs/engine/src/rolls-dice.ts': 'node:crypto',
    'libs/engine/src/sleeps.ts': 'node:timers/promises',
    'libs/engine/src/takes-a-library.ts': 'zod',
    'libs/engine/src/knows-an-adapter.ts': '#triton',
  },
  'adapters-do-not-meet': {
    'libs/triton/src/meets.ts': '#store-sqlite',
    'libs/store/src/knows-a-backend.ts': '#store-sqlite',
  },
  'backends-know-rows': {
    'libs/store-sqlite/src/knows-the-engine.ts': '#engine',
    'libs/store-sqlite/src/meets.ts': '#triton',
  },
  'redis-serves-two-ports': {
    'libs/store-redis/src/decides.ts': '#core',
    'libs/store-redis/src/meets.ts': '#triton',
  },
  'libs-do-not-import-apps': { 'libs/triton/src/knows-an-app.ts': '../../../apps/scheduler/src/main.js' },
  'nest-stays-in-apps': { 'libs/triton/src/nested.ts': '@nestjs/common' },
  'apps-do-not-meet': { 'apps/triton-sim/src/knows-the-scheduler.ts': '../../scheduler/src/main.js' },
  'libs-through-their-index': { 'apps/scheduler/src/back-door.ts': '../../../libs/core/src/step.js' },
  'libs-by-their-name': { 'libs/engine/src/by-path.ts': '../../core/src/index.js' },
  'testing-only-in-tests': { 'apps/scheduler/src/fakes-it.ts': '#triton-simulator' },
  'tests-are-not-imported': { 'apps/scheduler/src/leans-on-tests.ts': '../../../test/support/tool.js' },
  'no-dev-dependencies-in-production': { 'apps/scheduler/src/ships-a-tool.ts': 'a-tool' },
};

/** Each room with an arrow to the next one, and to the turn. */
function upstairs(): Readonly<Record<string, string>> {
  const arrows = ROOMS.slice(0, -1).flatMap((room, at) => [
    [`libs/core/src/${room}/looks-up.ts`, `../${ROOMS[at + 1]}/room.js`],
    [`libs/core/src/${room}/takes-a-turn.ts`, '../step.js'],
  ]);
  return Object.fromEntries(arrows) as Record<string, string>;
}

/** Each room of the scheduler with an arrow to the next one. */
function upstairsInScheduler(): Readonly<Record<string, string>> {
  const arrows = ROOMS_OF_SCHEDULER.slice(0, -1).map((room, at) => [
    `apps/scheduler/src/${room}/looks-up.ts`,
    `../${ROOMS_OF_SCHEDULER[at + 1]}/room.js`,
  ]);
  return Object.fromEntries(arrows) as Record<string, string>;
}

/** Nothing of this may be reported. */
const ALLOWED: Readonly<Record<string, string>> = {
  'libs/core/src/step.ts': 'node:assert',
  'libs/core/src/step.spec.ts': '#triton-simulator',
  'libs/core/src/plan/takes-turns.ts': '../step.js',
  'libs/core/src/explain/knows-the-answers.ts': '../answers/room.js',
  'libs/core/src/fleet/pins.spec.ts': '../explain/room.js',
  'libs/engine/src/turn.ts': '#core',
  'libs/engine/src/asserts.ts': 'node:assert/strict',
  'libs/triton/src/server.ts': '#engine',
  'libs/triton/src/dials.ts': 'node:net',
  'libs/store-sqlite/src/rows.ts': '#store',
  'libs/store-redis/src/rows.ts': '#store',
  'libs/store-redis/src/lease.ts': '#engine',
  'libs/triton/src/server.spec.ts': '../../../test/support/tool.js',
  'apps/scheduler/src/main.ts': '#triton',
  'apps/scheduler/src/routing/looks-down.ts': '../cluster/room.js',
  'apps/scheduler/src/module.ts': '@nestjs/common',
  'apps/scheduler/src/demo.ts': '../../triton-sim/src/main.js',
  'apps/triton-sim/src/main.ts': '#triton-simulator',
  'test/support/tool.ts': '#core',
};

/** Nor of this: an arrow up, and a cycle in which one needs only a type of the other. */
const TYPES_ALONE: Readonly<Record<string, string>> = {
  'libs/core/src/fleet/knows-a-type.ts': "export type { here } from '../explain/room.js';\n",
  'libs/core/src/fleet/state.ts': "export { type built } from './index-of-state.js';\n",
  'libs/core/src/fleet/index-of-state.ts': "export * as built from './state.js';\n",
};

interface Rule {
  readonly name: string;
  readonly from: { readonly path?: string };
}

interface Violation {
  readonly rule: { readonly name: string };
  readonly from: string;
}

let folder: string;
let violations: readonly string[];

describe('the rings', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'berth-rings-'));
    await layOut(folder);
    violations = await cruise(folder);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('hold every room of the core', () => {
    const folders = readdirSync(join(ROOT, 'libs/core/src'), { withFileTypes: true });
    const found = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(found.sort()).toEqual([...ROOMS].sort());
  });

  it('hold every room of the scheduler', () => {
    const folders = readdirSync(join(ROOT, 'apps/scheduler/src'), { withFileTypes: true });
    const found = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(found.sort()).toEqual([...ROOMS_OF_SCHEDULER].sort());
  });

  it.each([...new Set(rules().map(({ name }) => name))])('are kept by a breach of %s being found', (rule) => {
    expect(BREACHES).toHaveProperty([rule]);
    for (const path of Object.keys(BREACHES[rule] ?? {})) expect(violations).toContain(`${rule}: ${path}`);
  });

  it.each([...Object.keys(ALLOWED), ...Object.keys(TYPES_ALONE)])(
    'let pass what is meant to be: %s',
    (path) => {
      expect(violations.filter((violation) => violation.endsWith(`: ${path}`))).toEqual([]);
    },
  );
});

function rules(): readonly Rule[] {
  const config = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as { forbidden: Rule[] };
  return config.forbidden;
}

function rulesWithRooms(): string[] {
  const inOrder = rules().filter(({ name }) => name === 'rooms-in-order');
  return inOrder.map(({ from }) => /^\^libs\/core\/src\/(\w+)\/$/.exec(from.path ?? '')?.[1] ?? '');
}

async function layOut(root: string): Promise<void> {
  const libs = ['core', 'engine', 'triton', 'store', 'store-sqlite', 'store-redis', 'triton-simulator'];
  const imports = libs.map((lib) => [`#${lib}`, { types: `./libs/${lib}/src/index.ts` }]);
  const project = {
    type: 'module',
    imports: Object.fromEntries(imports) as unknown,
    dependencies: { '@nestjs/common': '1.0.0', zod: '1.0.0' },
    devDependencies: { 'a-tool': '1.0.0' },
  };
  const files: Record<string, string> = {
    'package.json': JSON.stringify(project),
    'tsconfig.json': '{ "compilerOptions": { "module": "NodeNext", "target": "ES2023" } }',
  };
  for (const lib of libs) files[`libs/${lib}/src/index.ts`] = 'export const here = 1;\n';
  for (const room of ROOMS) files[`libs/core/src/${room}/room.ts`] = 'export const here = 1;\n';
  for (const room of ROOMS_OF_SCHEDULER)
    files[`apps/scheduler/src/${room}/room.ts`] = 'export const here = 1;\n';
  Object.assign(files, TYPES_ALONE);
  files['apps/scheduler/src/uses-composed.ts'] = "export type { used } from './composed.js';\n";
  files['libs/core/src/numbers/tail.ts'] = "export * as head from './head.js';\n";
  for (const library of ['@nestjs/common', 'zod', 'a-tool']) {
    files[`node_modules/${library}/package.json`] =
      `{ "name": "${library}", "version": "1.0.0", "main": "index.js" }`;
    files[`node_modules/${library}/index.js`] = 'exports.here = 1;\n';
  }
  for (const [path, from] of [ALLOWED, ...Object.values(BREACHES)].flatMap(Object.entries<string>)) {
    files[path] = `import * as it from '${from}';\nexport const used = it;\n`;
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  await copyFile(join(ROOT, '.dependency-cruiser.cjs'), join(root, '.dependency-cruiser.cjs'));
}

async function cruise(root: string): Promise<readonly string[]> {
  const run = promisify(execFile);
  const args = [CRUISER, 'apps', 'libs', 'test', '--output-type', 'json'];
  const { stdout } = await run(process.execPath, args, { cwd: root, maxBuffer: 2 ** 26 });
  const { summary } = JSON.parse(stdout) as { summary: { violations: readonly Violation[] } };
  return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
}
