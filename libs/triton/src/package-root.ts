import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of Berth's package.json, found upwards: this code runs from its source and from `dist/`. */
export function packageRoot(folder = import.meta.dirname): string {
  const path = join(folder, 'package.json');
  const isOurs =
    existsSync(path) && (JSON.parse(readFileSync(path, 'utf8')) as { name?: string }).name === 'berth';
  if (isOurs) return folder;
  if (dirname(folder) === folder) throw new Error('no folder above this file holds the package "berth"');
  return packageRoot(dirname(folder));
}
