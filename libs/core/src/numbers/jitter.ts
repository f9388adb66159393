/**
 * A hash of a text as a number from 0 up to 1: jitter that is the same in each replay. It is FNV-1a with the finalizer of
 * MurmurHash3, without which texts that differ in their last letter alone would get nearly equal numbers.
 */
export function fractionOf(words: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < words.length; at++) hash = Math.imul(hash ^ words.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
