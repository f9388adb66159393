import type { FileHandle } from 'node:fs/promises';

/** How much of a file is read at a time. */
const CHUNK = 256 * 1024;
const NEWLINE = 10;

/** The recorder of a service writes no longer one: what is longer is not read to its end, however long it is. */
export const MAX_LINE_LENGTH = 64 * 2 ** 20;

/** A line of a file, without its end; `isWhole` is false for a last one that has none, and for one that is too long. */
export interface TextLine {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/** The lines of a file, one after the other: no more than one of them is held at a time. One that is too long is the last. */
export async function* linesOf(file: FileHandle): AsyncGenerator<TextLine> {
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(file)) {
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
      const last = chunk.subarray(from, to);
      yield { bytes: rest.length === 0 ? last : Buffer.concat([...rest, last]), isWhole: true };
      rest = [];
      size = 0;
      from = to + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > MAX_LINE_LENGTH) break;
  }
  if (rest.length > 0) yield { bytes: Buffer.concat(rest), isWhole: false };
}

async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, null);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
