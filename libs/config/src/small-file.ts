import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What was read of a file, or the rule that its name breaks. */
export type FileText = { readonly text: string } | { readonly rule: string; readonly isMissing?: boolean };

/** Texts by absolute path. */
export type FileTexts = ReadonlyMap<string, FileText>;

/** A file that the configuration names may be so long. */
const MAX_BYTES = 2 ** 20;
const MIB = 2 ** 20;

/** A disk that has not answered by then is not waited for any longer. */
const PATIENCE_MS = 5_000;

/** Bound of open files. */
const AT_A_TIME = 8;

/** Reads each file once. Never rejects. */
export async function readSmallFiles(paths: Iterable<string>): Promise<FileTexts> {
  const all = [...new Set(paths)];
  const texts = new Map<string, FileText>();
  for (let first = 0; first < all.length; first += AT_A_TIME) {
    const some = all.slice(first, first + AT_A_TIME);
    const read = await Promise.all(some.map((path) => readSmallFile(path)));
    for (const [nth, path] of some.entries()) texts.set(path, read[nth]!);
  }
  return texts;
}

/**
 * Reads a regular file of at most `mostBytes`. A pipe or a device is refused before it is opened: reading it may never end.
 * Never rejects.
 */
export async function readSmallFile(path: string, mostBytes = MAX_BYTES): Promise<FileText> {
  const read = new AbortController();
  const late = sleep(PATIENCE_MS, unreadable(path, `no answer within ${PATIENCE_MS} ms`), {
    signal: read.signal,
  });
  try {
    return await Promise.race([textOf(path, mostBytes), late]);
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    return unreadable(path, typeof code === 'string' ? code : String(error));
  } finally {
    late.catch(() => undefined);
    read.abort();
  }
}

async function textOf(path: string, mostBytes: number): Promise<FileText> {
  const before = kindOf(await stat(path));
  if (before !== null) return irregular(path, before);
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const kind = kindOf(await file.stat());
    return kind === null ? await contentOf(file, path, mostBytes) : irregular(path, kind);
  } finally {
    await file.close();
  }
}

/** The length that a file tells of itself is not believed: files under /proc tell 0. */
async function contentOf(file: FileHandle, path: string, mostBytes: number): Promise<FileText> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1_024));
    if (bytesRead === 0) return { text: Buffer.concat(chunks).toString('utf8') };
    size += bytesRead;
    if (size > mostBytes)
      return { rule: `must name a file of at most ${mostBytes / MIB} MiB: ${path} is longer` };
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

/** What a file is; null: a regular one. */
function kindOf(stats: Stats): string | null {
  if (stats.isFile()) return null;
  if (stats.isDirectory()) return 'directory';
  if (stats.isFIFO()) return 'FIFO';
  return stats.isSocket() ? 'socket' : 'device';
}

const irregular = (path: string, kind: string): FileText => ({
  rule: `must name a regular file: ${path} is a ${kind}`,
});

const unreadable = (path: string, why: string): FileText => ({
  rule: `must name a file that can be read: ${path} (${why})`,
  isMissing: why === 'ENOENT',
});
