import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of Berth's package.json, found upwards: this code runs from its source and from `dist/`. */
export function packageRoot(from: string = import.meta.url): string {
  const start = dirname(fileURLToPath(from));
  for (let folder = start; ; folder = dirname(folder)) {
    if (isBerth(folder)) return folder;
    if (dirname(folder) === folder) throw new Error(`no package.json of berth in or above ${start}`);
  }
}

function isBerth(folder: string): boolean {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof found === 'object' && found !== null && 'name' in found && found.name === 'berth';
  } catch {
    return false;
  }
}
