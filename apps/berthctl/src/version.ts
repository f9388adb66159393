import { existsSync, readFileSync } from 'node:fs';

/** The version of the package, found upwards: this code runs from its source and from `dist/`. */
export function berthVersion(from = new URL('.', import.meta.url)): string {
  const path = new URL('package.json', from);
  if (existsSync(path)) {
    const { name, version } = JSON.parse(readFileSync(path, 'utf8')) as { name?: string; version?: string };
    if (name === 'berth' && version !== undefined) return version;
  }
  const parent = new URL('..', from);
  if (parent.href === from.href) throw new Error('no folder above this file holds the package "berth"');
  return berthVersion(parent);
}
