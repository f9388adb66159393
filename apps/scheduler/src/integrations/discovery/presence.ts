import type { Instant, Millis } from '#core';

/**
 * How a server that was found stands in the answers for its name:
 *
 *   present <──> missing ──> leaving ──> (forgotten)
 *      └─────────<─────────────┘
 *
 * `missing` says that nothing is done yet; `leaving` that it drains.
 */
export type Presence =
  | { readonly kind: 'present' }
  | {
      readonly kind: 'missing';
      readonly since: Instant;
      /** The answers without it, in a row. */
      readonly answers: number;
      /** Whether more than half were missing in one of these answers. */
      readonly isHeld: boolean;
    }
  | { readonly kind: 'leaving' };

/** Answers in a row without a server that make it leave. */
const ANSWERS = 2;

const PRESENT: Presence = { kind: 'present' };
const LEAVING: Presence = { kind: 'leaving' };

/**
 * What follows from an answer for the servers of one name. A server that two answers in a row do not have leaves. Where an
 * answer lacks more than half of all servers, those that it lacks leave only once they have been missing for `leave`: it is
 * more likely that DNS is wrong than that so many servers are gone.
 */
export function afterAnswer(
  before: ReadonlyMap<string, Presence>,
  answered: ReadonlySet<string>,
  leave: Millis,
  now: Instant,
): Map<string, Presence> {
  const isHeld = isMostMissing(before, answered);
  const after = new Map<string, Presence>();
  for (const [id, presence] of before) {
    after.set(id, answered.has(id) ? PRESENT : missed(presence, isHeld, leave, now));
  }
  for (const id of answered) after.set(id, PRESENT);
  return after;
}

/** Whether an answer lacks more than half of the servers of its name, those that leave included. */
export function isMostMissing(before: ReadonlyMap<string, Presence>, answered: ReadonlySet<string>): boolean {
  const missing = [...before.keys()].filter((id) => !answered.has(id));
  return missing.length * 2 > before.size;
}

/** The operator asks for the name no more: its servers leave, whatever DNS says. */
export const allLeaving = (before: ReadonlyMap<string, Presence>): Map<string, Presence> =>
  new Map([...before.keys()].map((id) => [id, LEAVING]));

function missed(presence: Presence, isHeld: boolean, leave: Millis, now: Instant): Presence {
  if (presence.kind === 'leaving') return presence;
  const known = presence.kind === 'missing' ? presence : { since: now, answers: 0, isHeld: false };
  const next = {
    kind: 'missing',
    since: known.since,
    answers: known.answers + 1,
    isHeld: known.isHeld || isHeld,
  } as const;
  const isDue = !next.isHeld || now - next.since >= leave;
  return next.answers >= ANSWERS && isDue ? LEAVING : next;
}
