/** Says whether `dist/` is what the sources compile to, where no compiler is left to ask. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SETTINGS = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
/** The hash of what was compiled last without an error. */
const STAMP = 'dist/.compiled';

export function isCompiled(root) {
  const stamp = join(root, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOfSources(root);
}

/** Compiles, and stamps what was there before: sources that change meanwhile are compiled the next time. */
export async function stampAfter(root, compile) {
  const hash = hashOfSources(root);
  rmSync(join(root, STAMP), { force: true });
  await compile();
  writeFileSync(join(root, STAMP), hash);
}

function hashOfSources(root) {
  const hash = createHash('sha256');
  for (const path of [...SETTINGS, ...sources(root)]) {
    const text = readFileSync(join(root, path));
    hash.update(`${path} ${text.length}\n`).update(text);
  }
  return hash.digest('hex');
}

/** What `tsconfig.build.json` includes, by its patterns `FOLDER/**`. */
function sources(root) {
  const { include } = JSON.parse(readFileSync(join(root, 'tsconfig.build.json'), 'utf8'));
  const folders = new Set(include.map((pattern) => pattern.slice(0, pattern.indexOf('/**'))));
  return [...folders]
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true }).map((path) => join(folder, path)),
    )
    .filter((path) => /\.(ts|mjs)$/.test(path) && !path.endsWith('.spec.ts'))
    .toSorted();
}
