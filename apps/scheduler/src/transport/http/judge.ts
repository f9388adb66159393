import { MAX_ENTRIES, NOT_UNICODE, TOO_MANY } from '#contracts';
import type { Finding, Path } from '#config';

const MAX_DEPTH = 64;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** A value, and how it is reached: the last step, and the place that holds it. */
interface Place {
  readonly value: unknown;
  readonly step: string | number;
  readonly above: Place | null;
  /** Objects and lists around it. */
  readonly depth: number;
}

/**
 * What is wrong with a JSON value before anything is known of its meaning: a text or a key with a lone surrogate, too deep a
 * nesting, too many entries. Each value is visited once at most, and without recursion: a body may be nested as deep as it is long.
 */
export function faultIn(root: unknown): Finding | undefined {
  const left: Place[] = [{ value: root, step: '', above: null, depth: 0 }];
  for (let place = left.pop(); place !== undefined; place = left.pop()) {
    const { value, depth } = place;
    const inner = typeof value === 'object' && value !== null ? Object.entries(value) : null;
    const rule = inner === null ? ruleOfText(value) : ruleOfHolder(inner, depth);
    if (rule !== null) return { at: pathTo(place), rule };
    const isList = Array.isArray(value);
    for (const [key, held] of inner ?? [])
      left.push({ value: held, step: isList ? Number(key) : key, above: place, depth: depth + 1 });
  }
  return undefined;
}

const ruleOfText = (value: unknown): string | null =>
  typeof value === 'string' && LONE_SURROGATE.test(value) ? NOT_UNICODE : null;

function ruleOfHolder(inner: readonly [string, unknown][], depth: number): string | null {
  if (depth >= MAX_DEPTH) return `must be nested at most ${MAX_DEPTH} deep`;
  if (inner.length > MAX_ENTRIES) return TOO_MANY;
  return inner.some(([key]) => LONE_SURROGATE.test(key)) ? NOT_UNICODE : null;
}

function pathTo(place: Place): Path {
  const path: (string | number)[] = [];
  for (let at = place; at.above !== null; at = at.above) path.push(at.step);
  return path.reverse();
}
