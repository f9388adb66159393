import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The version in Berth's package.json, found upwards: this code runs from its source and from `dist/`. */
export function version(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = packageIn(folder);
    if (found?.name === 'berth') return found.version;
    if (dirname(folder) === folder) throw new Error('no package.json of berth above its own code');
  }
}

function packageIn(folder: string): { readonly name: string; readonly version: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as ReturnType<typeof packageIn>;
  } catch {
    return undefined;
  }
}
