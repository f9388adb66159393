import type { Bytes, Instant } from '../fleet/model.js';
import type { Forecast } from '../learned/load-times.js';

/** Bytes of an account that are free from a moment on, for any job. */
export interface Chunk {
  readonly at: Forecast;
  readonly bytes: Bytes;
}

/** A moment without any doubt. */
export const AT = (at: Instant): Forecast => ({ p50: at, p90: at });

/** When so many bytes are free of these; infinite where they never are. */
export function reachedAt(chunks: readonly Chunk[], bytes: Bytes, by: keyof Forecast): Instant {
  const sorted = by === 'p50' ? chunks : chunks.toSorted((one, other) => one.at.p90 - other.at.p90);
  if (chunks.length === 0 && bytes <= 0) return -Infinity;
  let sum = 0;
  for (const chunk of sorted) {
    sum += chunk.bytes;
    if (sum >= bytes) return chunk.at[by];
  }
  return Infinity;
}

export function withChunk(chunks: readonly Chunk[], chunk: Chunk): readonly Chunk[] {
  const behind = chunks.findIndex(({ at }) => at.p50 > chunk.at.p50);
  return behind < 0 ? [...chunks, chunk] : chunks.toSpliced(behind, 0, chunk);
}

/**
 * What is left of these once so many bytes are taken. Of what is free by the time a load begins the last to be free is taken
 * first: what is free sooner stays for jobs that could begin sooner.
 */
export function chunksWithout(chunks: readonly Chunk[], bytes: Bytes, begins: Instant): readonly Chunk[] {
  let sum = 0;
  const enough = chunks.findIndex((chunk) => (sum += chunk.bytes) >= bytes);
  if (enough < 0) return [];
  const last = Math.max(
    enough,
    chunks.findLastIndex(({ at }) => at.p50 <= begins),
  );
  const left = chunks.slice(last + 1);
  let missing = bytes;
  for (const chunk of chunks.slice(0, last + 1).reverse()) {
    const taken = Math.min(Math.max(0, chunk.bytes), missing);
    missing -= taken;
    if (chunk.bytes !== taken) left.unshift({ at: chunk.at, bytes: chunk.bytes - taken });
  }
  return left;
}

export const latest = (one: Forecast, other: Forecast): Forecast => ({
  p50: Math.max(one.p50, other.p50),
  p90: Math.max(one.p90, other.p90),
});

export const after = (at: Instant, { p50, p90 }: Forecast): Forecast => ({ p50: at + p50, p90: at + p90 });
