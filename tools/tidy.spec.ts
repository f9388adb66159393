import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

/** What no linter of ours looks at. A finding reads `path:line: what`, so that an editor can jump there. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OTHERS = ['node_modules', '.git', '.triton', '.node-versions'];
const SKIPPED = new Set([...OTHERS, 'dist', 'coverage', '.berth', '.cache']);
const TEXT = new Set(['.ts', '.mts', '.mjs', '.cjs', '.json', '.md', '.proto', '.yaml', '.yml', '.sh', '']);
const CODE = new Set(['.ts', '.mts', '.mjs']);
const MAX_FILE_LINES = 250;
const MAX_SPEC_LINES = 300;
const MAX_ROOM_FILES = 20;

/** Files that were too long when the rule came. They may only shrink; nothing is added here. */
const RATCHET: Readonly<Record<string, number>> = {};

const files = filesUnder(ROOT).filter((path) => TEXT.has(extname(path)) && path !== 'package-lock.json');
const code = files.filter((path) => CODE.has(extname(path)));
const core = code.filter((path) => path.startsWith('libs/core/src/'));
const documents = files.filter((path) => extname(path) === '.md');

describe('tidy', () => {
  it('has no file too long to be read at once', () => {
    const tooLong = code
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (RATCHET[path] ?? mostLines(path)))
      .map(({ path, lines }) => `${path}:1: ${lines} lines`);
    expect(tooLong).toEqual([]);
  });

  it('has a ratchet that tells how long the exceptions are now', () => {
    const now = Object.keys(RATCHET).map((path) => [path, read(path).split('\n').length - 1]);
    expect(Object.fromEntries(now)).toEqual(RATCHET);
  });

  it('has no promise to do something without the number of an issue', () => {
    const word = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b(?!.*#\\d+)`);
    expect(findings(code, word)).toEqual([]);
  });

  it('has no spec that is switched off or runs alone', () => {
    const specs = code.filter((path) => path.endsWith('.spec.ts'));
    expect(
      findings(specs, /\b(?:it|test|describe)\.(?:only|skip|todo)\(|\b(?:xit|xdescribe|fit|fdescribe)\(/),
    ).toEqual([]);
  });

  it('enters each lib through one index at the root of its sources', () => {
    const expected = readdirSync(join(ROOT, 'libs')).map((lib) => `libs/${lib}/src/index.ts`);
    const found = code.filter((path) => path.startsWith('libs/') && basename(path) === 'index.ts');
    expect(found.sort()).toEqual(expected.sort());
  });

  it('puts a thing where it is used, not where its kind is kept', () => {
    const kinds = new Set(['common', 'utils', 'helpers', 'dto', 'interfaces', 'types', 'shared', 'misc']);
    const kept = code.filter((path) =>
      dirname(path)
        .split('/')
        .some((folder) => kinds.has(folder)),
    );
    expect(kept).toEqual([]);
  });

  it('keeps clocks, chance, timers and promises out of the core', () => {
    const banned = ['async', 'await', 'Promise', 'Date', 'performance', 'process', 'crypto', 'Math\\.random'];
    const timers = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'console'];
    const word = new RegExp(`(?<![.\\w])(${[...banned, ...timers].join('|')})\\b`);
    expect(findings(core.filter(isSource), word, withoutCommentsAndTexts)).toEqual([]);
  });
});

describe('the core', () => {
  it('has each name at the top of one file only', () => {
    const places = new Map<string, string[]>();
    for (const path of core.filter(isSource)) {
      for (const name of topLevelNames(path)) places.set(name, [...(places.get(name) ?? []), path]);
    }
    const shared = [...places].filter(([, paths]) => paths.length > 1);
    expect(shared.map(([name, paths]) => `${name}: ${paths.join(', ')}`)).toEqual([]);
  });

  it('changes the phase of a replica in one file only', () => {
    const built =
      /^(?!.*(?:readonly phase|reason):?).*\bphase: '(?:placed|loading|ready|draining|unloading|unknown)'/;
    const others = core.filter((path) => isSource(path) && path !== 'libs/core/src/fleet/transitions.ts');
    expect(findings(others, built)).toEqual([]);
  });

  it('names each spec after the file beside it: x.spec.ts, x.property.spec.ts or x.<topic>.spec.ts', () => {
    const specs = core.filter((path) => !isSource(path));
    const strays = specs.filter(
      (path) => !core.includes(`${dirname(path)}/${basename(path).split('.')[0]}.ts`),
    );
    expect(strays).toEqual([]);
  });

  it('has no room with too many files to find one by its name', () => {
    const rooms = core.filter(isSource).map((path) => dirname(path));
    const crowded = [...new Set(rooms)].filter(
      (room) => rooms.filter((one) => one === room).length > MAX_ROOM_FILES,
    );
    expect(crowded).toEqual([]);
  });
});

describe('documents', () => {
  it('link to files that are there', () => {
    const dead = documents.flatMap((path) =>
      linksIn(read(path))
        .filter((link) => !existsSync(join(ROOT, dirname(path), link)))
        .map((link) => `${path}: ${link}`),
    );
    expect(dead).toEqual([]);
  });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const unknown = documents.flatMap((path) =>
      npmScriptsIn(read(path))
        .filter((name) => !(name in scripts))
        .map((name) => `${path}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});

describe('docs/dependencies.md', () => {
  it('has a row for each direct dependency, and no other', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
    const rows = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? '');
    expect(rows.sort()).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
  });
});

describe('what is published', () => {
  it('names no folder of the machine it was written on', () => {
    const folder = new RegExp(`(?<![\\w./-])/(?:${['work', 'root', 'home/\\w+', 'Users/\\w+'].join('|')})/`);
    expect(findings(files, folder)).toEqual([]);
  });

  it('names no host of a package registry', () => {
    const hosts = ['registry\\.np' + 'mjs', 'pypi\\.o' + 'rg', 'pythonhos' + 'ted', 'deb\\.deb' + 'ian'];
    expect(findings([...files, 'package-lock.json', '.npmrc'], new RegExp(hosts.join('|')))).toEqual([]);
  });

  it('locks dependencies by version and checksum, not by address', () => {
    expect(findings(['package-lock.json'], /"resolved":/)).toEqual([]);
  });
});

function isSource(path: string): boolean {
  return !path.endsWith('.spec.ts');
}

/** What a file declares outside of any function or class, exported or not; each once. */
function topLevelNames(path: string): string[] {
  const declared = /^(?:export )?(?:abstract )?(?:const|let|function\*?|class|interface|type) (\w+)/gm;
  return [...new Set([...read(path).matchAll(declared)].map((match) => match[1] ?? ''))];
}

function mostLines(path: string): number {
  return path.endsWith('.spec.ts') ? MAX_SPEC_LINES : MAX_FILE_LINES;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !SKIPPED.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesUnder(path);
      return entry.isFile() ? [relative(ROOT, path).split(sep).join('/')] : [];
    });
}

function findings(paths: readonly string[], pattern: RegExp, prepare = (text: string) => text): string[] {
  return paths.flatMap((path) =>
    prepare(read(path))
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

/** Keeps the lines, so that the numbers stay right. */
function withoutCommentsAndTexts(text: string): string {
  const blank = (found: string): string => found.replace(/[^\n]/g, ' ');
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\n\\])*'/g, blank);
}

function linksIn(markdown: string): string[] {
  const links = [...markdown.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  return links.filter((link) => !/^(?:[a-z]+:|#)/.test(link)).map((link) => link.replace(/#.*$/, ''));
}

function npmScriptsIn(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  const calls = blocks.flatMap((block) => [...block.matchAll(/\bnpm (?:run )?([a-z:-]+)/g)]);
  const builtIn = new Set(['ci', 'install', 'run']);
  return calls.map((call) => call[1] ?? '').filter((name) => !builtIn.has(name));
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
