import type { Principal, Role } from '#access';
import { type BrokenRule, invalid, Refused } from '../errors/refused.js';

/** The interface that took a request, and the address of its caller; null: it is not known. */
export interface Source {
  readonly over: 'http' | 'grpc';
  readonly address: string | null;
}

/** The caller of a write, and its conditions. */
export interface Caller {
  /** Idempotency keys of different callers never meet. */
  readonly credential: string;
  readonly role: Role;
  readonly idempotencyKey: string | null;
  /** The revisions one of which must be the present one; null: any. */
  readonly ifMatch: string | null;
  /** Whether the write must create what it writes. */
  readonly mustCreate?: boolean;
  /** Aborts when the caller has gone: a write that has not begun by then is not done. */
  readonly signal?: AbortSignal;
  /** Where its request came from, for the audit. */
  readonly source?: Source;
  /** What is wrong with its conditions, where something is. It is told once all else of the request has been read. */
  readonly broken?: readonly BrokenRule[];
}

/** What an Idempotency-Key looks like. */
export const KEY = /^[\x21-\x7e]{1,255}$/;
/** What an If-Match looks like. */
export const TAGS = /^\s*(\*|(W\/)?"?[0-9]{1,20}"?\s*(,\s*(W\/)?"?[0-9]{1,20}"?\s*)*)\s*$/;

const KEY_RULE = 'must be 1 to 255 printable ASCII characters without spaces';
const TAG_RULE = 'must be *, or revisions in quotes as an ETag tells them';
/** What an If-None-Match looks like. */
export const CREATE = /^\s*\*\s*$/;
const CREATE_RULE = 'must be *: only what is not there yet is written';
const NO_CREATE_RULE = 'must not be given: only the PUT of a model or server creates one';

/** Each condition: what is wrong with it, where something is. */
const RULES: readonly {
  readonly path: string;
  readonly rule: string;
  readonly isGood: (text: string) => boolean;
}[] = [
  { path: 'Idempotency-Key', rule: KEY_RULE, isGood: (text) => KEY.test(text) },
  { path: 'If-Match', rule: TAG_RULE, isGood: (text) => revisionsIn(text) !== undefined },
  { path: 'If-None-Match', rule: CREATE_RULE, isGood: (text) => CREATE.test(text) },
];

/** Reads the conditions of a write from HTTP headers or gRPC metadata: the same names on both. */
export function callerOf(
  { credential, role }: Pick<Principal, 'credential' | 'role'>,
  header: (name: string) => string | undefined,
  signal?: AbortSignal,
): Caller {
  const given = RULES.map(({ path }) => header(path.toLowerCase()) ?? null);
  const broken = RULES.filter(({ isGood }, nth) => given[nth] != null && !isGood(given[nth]));
  const [idempotencyKey = null, ifMatch = null, ifNoneMatch = null] = given;
  const mustCreate = ifNoneMatch !== null;
  return {
    ...{ credential, role, idempotencyKey, ifMatch, mustCreate, ...(signal && { signal }) },
    ...(broken.length > 0 && { broken: broken.map(({ path, rule }) => ({ path, rule })) }),
  };
}

/** Refuses conditions that say nothing. */
export function checkConditions({ broken }: Caller): void {
  if (broken) throw invalid(broken);
}

/**
 * Refuses a PUT that was meant for another revision, or to create what is there. `revision` null: there is nothing yet.
 * `isNew`: nothing was declared of it over the API.
 */
export function checkPut(caller: Caller, revision: number | null, isNew: boolean): void {
  if (caller.mustCreate && !isNew && revision !== null) throw isThere(revision);
  checkRevision(caller, revision);
}

/** Refuses a write that was meant for another revision. It cannot create anything: to be asked for that is a mistake. */
export function checkIfMatch(caller: Caller, revision: number): void {
  if (caller.mustCreate) throw invalid([{ path: 'If-None-Match', rule: NO_CREATE_RULE }]);
  checkRevision(caller, revision);
}

function checkRevision({ ifMatch }: Caller, revision: number | null): void {
  if (ifMatch === null || isMet(ifMatch, revision)) return;
  const present = revision === null ? 'there is nothing of this name yet' : `the revision is "${revision}"`;
  throw new Refused({
    reason: 'revision_mismatch',
    detail: `If-Match asks for ${ifMatch}, but ${present}`,
    members: revision === null ? {} : { revision: String(revision) },
  });
}

function isMet(ifMatch: string, revision: number | null): boolean {
  const wanted = revisionsIn(ifMatch);
  return revision !== null && (wanted === '*' || (wanted?.includes(String(revision)) ?? false));
}

const isThere = (revision: number): Refused =>
  new Refused({
    reason: 'revision_mismatch',
    detail: `If-None-Match asks for a new one, but the revision is "${revision}"`,
    members: { revision: String(revision) },
  });

/** Refuses a condition on what has no revision: to pass over it would be to break it. */
export function checkNoIfMatch({ ifMatch, mustCreate }: Caller): void {
  const given = [...(ifMatch === null ? [] : ['If-Match']), ...(mustCreate ? ['If-None-Match'] : [])];
  const rule = 'must not be given: there is no revision';
  if (given.length > 0) throw invalid(given.map((path) => ({ path, rule })));
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
