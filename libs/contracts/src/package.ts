import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of our .proto files: the same from the sources and from what was built of them. */
export const protoFolder = (): string => join(berth().folder, 'proto');

/** The version in Berth's package.json. */
export const berthVersion = (): string => berth().version;

/** Found upwards: this code runs from its source, from `dist/`, and in the package `berthctl` that `npm run pack` makes. */
function berth(folder = import.meta.dirname): { readonly folder: string; readonly version: string } {
  const path = join(folder, 'package.json');
  if (existsSync(path)) {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
    if ((name === 'berth' || name === 'berthctl') && version !== undefined) return { folder, version };
  }
  if (dirname(folder) === folder) throw new Error('no folder above this file holds the package "berth"');
  return berth(dirname(folder));
}
