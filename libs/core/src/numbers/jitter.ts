/**
 * A number from 0 up to 1 that follows from words alone, so that the same turns give the same one, and yet is as good as any
 * other: what is spread by it does not come together again. It is FNV-1a, stirred by the end of MurmurHash3, without
 * which words that differ in their last letter only would lie side by side.
 */
export function fractionOf(words: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < words.length; at++) hash = Math.imul(hash ^ words.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
