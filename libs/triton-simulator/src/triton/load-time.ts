import { createHash } from 'node:crypto';
import type { Copy } from './copy.js';
import type { ModelOnDisk } from './simulated-model.js';

/**
 * How long a load takes, in milliseconds: the median of its model, spread log-normally. Which load it is decides, so that
 * the same loads take the same in every run.
 */
export function loadTime({ name, loadMs, loadSpread }: ModelOnDisk, { id }: Pick<Copy, 'id'>): number {
  return loadSpread === 0 ? loadMs : loadMs * Math.exp(loadSpread * normal(`${name}/${id}`));
}

/** A value of the standard normal distribution for each text, by Box and Muller. */
function normal(text: string): number {
  const hash = createHash('sha256').update(text).digest();
  const [one, other] = [hash.readUInt32BE(0), hash.readUInt32BE(4)].map((bits) => (bits + 1) / (2 ** 32 + 1));
  return Math.sqrt(-2 * Math.log(one!)) * Math.cos(2 * Math.PI * other!);
}
