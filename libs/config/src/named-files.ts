import { isAbsolute, join } from 'node:path';
import type { Finding, Path } from './errors.js';
import type { FileTexts } from './small-file.js';

/** The files that a configuration names: which these are, what is in them, and why some of them cannot be used. */
export class NamedFiles {
  /** The absolute paths of all files that were asked for. */
  readonly paths = new Set<string>();
  /** Why files cannot be used. */
  readonly found: Finding[] = [];

  /** Relative names begin in `folder`. `texts` are the files as they were read. */
  constructor(
    private readonly folder = '.',
    private readonly texts: FileTexts = new Map(),
  ) {}

  /** What `parse` makes of a file; undefined where none is named, and where it cannot be used: then `rule` is broken. */
  read<T>(
    name: string | undefined,
    at: Path,
    parse: (text: string) => T | undefined,
    rule: string,
  ): T | undefined {
    if (name === undefined) return undefined;
    const path = this.pathOf(name);
    this.paths.add(path);
    const file = this.texts.get(path) ?? {
      rule: `must name a file that can be read: ${path} (it was not read)`,
    };
    const parsed = 'text' in file ? parse(file.text) : undefined;
    if (parsed === undefined) this.found.push({ at, rule: 'text' in file ? rule : file.rule });
    return parsed;
  }

  /** The text of a file of certificates or keys; null where there is none. */
  readPem(name: string | undefined, at: Path): string | null {
    const isPem = (text: string): boolean => text.includes('-----BEGIN ');
    return this.read(name, at, (text) => (isPem(text) ? text : undefined), 'must name a PEM file') ?? null;
  }

  pathOf(name: string): string {
    return isAbsolute(name) ? name : join(this.folder, name);
  }
}
