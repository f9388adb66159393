import { isAbsolute, join } from 'node:path';
import type { Finding } from './errors.js';
import type { ServerSpec } from './server-spec.js';
import type { FileTexts } from './small-file.js';

/** The files that servers name, as they were read. `folder` is where relative paths begin. */
export type ServerFiles = { readonly folder: string; readonly texts: FileTexts };

/** For a server that names none. */
export const NO_FILES: ServerFiles = { folder: '.', texts: new Map() };

const TLS_KEYS = ['ca', 'cert', 'key'] as const;

/** The absolute paths of the files that a server names. */
export function filesNamedBy(spec: ServerSpec, folder: string): string[] {
  return fileNamesIn(spec).map(({ name }) => resolved(name, folder));
}

/** The file names in a spec, and the keys that have them. */
export function fileNamesIn({
  headersFile,
  tls,
}: Pick<ServerSpec, 'headersFile' | 'tls'>): { at: readonly string[]; name: string }[] {
  return [
    ...(headersFile === undefined ? [] : [{ at: ['headersFile'], name: headersFile }]),
    ...TLS_KEYS.flatMap((key) => {
      const name = tls?.[key];
      return name === undefined ? [] : [{ at: ['tls', key], name }];
    }),
  ];
}

/** The same server without the files it names. TLS stays on: nothing that was encrypted is sent in the clear. */
export function withoutFileNames({ headersFile: _, ...spec }: ServerSpec): ServerSpec {
  return spec.tls === undefined ? spec : { ...spec, tls: {} };
}

/** What a file holds; undefined where it could not be read, which is then among what was `found`. */
export function contentOf(
  name: string,
  { folder, texts }: ServerFiles,
  at: Finding['at'],
  found: Finding[],
): string | undefined {
  const path = resolved(name, folder);
  const read = texts.get(path) ?? { rule: `must name a file that can be read: ${path} (it was not read)` };
  if ('text' in read) return read.text;
  found.push({ at, rule: read.rule });
  return undefined;
}

export const resolved = (name: string, folder: string): string =>
  isAbsolute(name) ? name : join(folder, name);
