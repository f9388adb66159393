import type { RequestPayload } from 'fastify';
import { Refused } from '../errors/refused.js';

/**
 * Reads a body of at most `most` bytes. What is sent beyond the bound is dropped, so that the sender reads the refusal. Refuses
 * `too_large`.
 */
export function bodyOf(payload: RequestPayload, most: number): Promise<Buffer> {
  const limit = most >= 2 ** 20 ? `${most / 2 ** 20} MiB` : `${most / 2 ** 10} KiB`;
  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      most = -1;
      chunks.length = 0;
      reject(error);
    };
    payload.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= most) chunks.push(chunk);
      else refuse(new Refused({ reason: 'too_large', detail: `a body may have at most ${limit}` }));
    });
    payload.once('end', () => resolve(Buffer.concat(chunks)));
    payload.once('error', refuse);
  });
}
