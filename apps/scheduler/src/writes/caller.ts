import { ANONYMOUS } from '../anonymous.js';
import { invalid, Refused } from '../errors/refused.js';

/** The caller of a write, and its conditions. */
export interface Caller {
  /** Idempotency keys of different callers never meet. */
  readonly credential: string;
  readonly idempotencyKey: string | null;
  /** The revisions one of which must be the present one; null: any. */
  readonly ifMatch: string | null;
}

/** What an Idempotency-Key looks like. */
export const KEY = /^[\x21-\x7e]{1,255}$/;
/** What an If-Match looks like. */
export const TAGS = /^\s*(\*|(W\/)?"?[0-9]{1,20}"?\s*(,\s*(W\/)?"?[0-9]{1,20}"?\s*)*)\s*$/;

const KEY_RULE = 'must be 1 to 255 printable ASCII characters without spaces';
const TAG_RULE = 'must be *, or revisions in quotes as an ETag tells them';

/** Reads the conditions of a write from HTTP headers or gRPC metadata: the same names on both. */
export function callerOf(header: (name: string) => string | undefined): Caller {
  const idempotencyKey = header('idempotency-key') ?? null;
  const ifMatch = header('if-match') ?? null;
  const broken = [
    ...(idempotencyKey === null || KEY.test(idempotencyKey)
      ? []
      : [{ path: 'Idempotency-Key', rule: KEY_RULE }]),
    ...(ifMatch === null || revisionsIn(ifMatch) !== undefined ? [] : [{ path: 'If-Match', rule: TAG_RULE }]),
  ];
  if (broken.length > 0) throw invalid(broken);
  return { credential: ANONYMOUS, idempotencyKey, ifMatch };
}

/** Refuses a write that was meant for another revision. `revision` null: there is nothing yet. */
export function checkIfMatch({ ifMatch }: Caller, revision: number | null): void {
  if (ifMatch === null) return;
  const wanted = revisionsIn(ifMatch);
  const matches = revision !== null && (wanted === '*' || wanted?.includes(String(revision)));
  if (matches) return;
  const present = revision === null ? 'there is nothing of this name yet' : `the revision is "${revision}"`;
  throw new Refused({
    reason: 'revision_mismatch',
    detail: `If-Match asks for ${ifMatch}, but ${present}`,
    members: revision === null ? {} : { revision: String(revision) },
  });
}

/** Refuses a condition on what has no revision: to pass over it would be to break it. */
export function checkNoIfMatch({ ifMatch }: Caller): void {
  if (ifMatch !== null)
    throw invalid([{ path: 'If-Match', rule: 'must not be given: there is no revision' }]);
}

/** The ETag of a revision. */
export const entityTag = (revision: string): string => `"${revision}"`;

/** A bare number is taken as well: it can mean nothing else. A weak tag never matches. */
function revisionsIn(header: string): readonly string[] | '*' | undefined {
  if (header.trim() === '*') return '*';
  const tags = header.split(',').map((tag) => /^\s*(W\/)?"?([0-9]{1,20})"?\s*$/.exec(tag));
  if (tags.some((tag) => tag === null)) return undefined;
  return tags.flatMap((tag) => (tag?.[1] === undefined ? [tag?.[2] ?? ''] : []));
}
