import type { RequestPayload } from 'fastify';
import { Refused } from '../errors/refused.js';

/**
 * Reads a body of at most `most` bytes. What is sent beyond the bound is dropped, so that the sender reads the refusal. Refuses
 * `too_large`.
 */
export async function bodyOf(payload: RequestPayload, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of payload.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) break;
    chunks.push(chunk);
  }
  if (size <= most) return Buffer.concat(chunks);
  payload.resume();
  const limit = most >= 2 ** 20 ? `${most / 2 ** 20} MiB` : `${most / 2 ** 10} KiB`;
  throw new Refused({ reason: 'too_large', detail: `a body may have at most ${limit}` });
}
