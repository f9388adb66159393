import { type Bits64, compareBits, fmix64, fnv1a64 } from '../numbers/hash64.js';
import type { ModelId } from '../fleet/ids.js';
import type { Ready } from '../fleet/replica.js';

/** A copy in use by more than so many times the mean is left for the next one. */
const OVER_MEAN = 1.25;
/** With fewer uses a copy is never left. */
const MANY_USES = 8;

/**
 * The copy that a key leads to (rendezvous hashing): the one with the highest hash of key, model and server, of those that are not
 * used too much. One copy more or less moves no keys but its own. docs/api.md tells others how to do the same.
 */
export function copyForKey<Copy extends Pick<Ready, 'server'>>(
  copies: readonly Copy[],
  { key, model }: { readonly key: string; readonly model: ModelId },
  usesOf: (copy: Copy) => number,
): Copy | undefined {
  const uses = copies.map(usesOf);
  const most = (OVER_MEAN * uses.reduce((sum, one) => sum + one, 0)) / copies.length;
  const beginning = fnv1a64(`${key}\0${model}\0`);
  let best: { readonly copy: Copy; readonly hash: Bits64 } | undefined;
  for (const [nth, copy] of copies.entries()) {
    if (uses[nth]! >= MANY_USES && uses[nth]! > most) continue;
    const hash = fmix64(fnv1a64(copy.server, beginning));
    if (!best || compareBits(hash, best.hash) > 0) best = { copy, hash };
  }
  return best?.copy;
}
