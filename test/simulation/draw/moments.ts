import type { Random } from '../random.js';

/** When something without a memory happens, about every `every` ms until `end`. */
export function moments(random: Random, every: number, end: number): number[] {
  const found: number[] = [];
  for (let at = random.pause(every); at < end; at += random.pause(every)) found.push(at);
  return found;
}
