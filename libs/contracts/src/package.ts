import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import packageJson from '#package.json' with { type: 'json' };

/** The version in Berth's package.json. */
export const BERTH_VERSION: string = packageJson.version;

/** The folder of our .proto files, found upwards: this code runs from its source and from `dist/`. */
export function protoFolder(folder = import.meta.dirname): string {
  const path = join(folder, 'proto');
  if (existsSync(path)) return path;
  if (dirname(folder) === folder)
    throw new Error('no folder above this file holds the .proto files of Berth');
  return protoFolder(dirname(folder));
}
