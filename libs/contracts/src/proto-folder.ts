import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of our .proto files: the same from the sources and from what was built of them. */
export function protoFolder(): string {
  return join(berthFolder(dirname(fileURLToPath(import.meta.url))), 'proto');
}

function berthFolder(folder: string): string {
  if (isBerth(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('proto: no folder above this file holds the package "berth"');
  return berthFolder(parent);
}

function isBerth(path: string): boolean {
  if (!existsSync(path)) return false;
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly name?: string }).name === 'berth';
}
