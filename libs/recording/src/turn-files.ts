import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** One file that is being written, from its beginning to its end. */
export interface TurnFile {
  /** Resolves once the system has taken all of it. */
  append(bytes: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Where recordings are kept. Rejects where the disk does not do what it is told. */
export interface TurnFiles {
  /** The names of the files that are there. */
  names(): Promise<readonly string[]>;
  /** Rejects where there is such a file already. */
  create(name: string): Promise<TurnFile>;
  remove(name: string): Promise<void>;
}

/** A folder of this machine, made when needed. No other user may read it: recordings tell what is asked for. */
export class TurnFolder implements TurnFiles {
  constructor(private readonly path: string) {}

  async names(): Promise<readonly string[]> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    return readdir(this.path);
  }

  async create(name: string): Promise<TurnFile> {
    const file = await open(join(this.path, name), 'wx', 0o600);
    return { append: (bytes) => file.appendFile(bytes), close: () => file.close() };
  }

  remove(name: string): Promise<void> {
    return rm(join(this.path, name), { force: true });
  }
}
