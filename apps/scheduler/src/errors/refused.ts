import type { Millis, Refusal } from '#core';
import type { Reason } from '#contracts';

/** One broken rule, and where. */
export interface BrokenRule {
  readonly path: string;
  readonly rule: string;
}

/** Why somebody is refused, with what helps: the same for every interface. */
export interface RefusalFacts {
  readonly reason: Reason;
  /** Says more than the reason's title. */
  readonly detail?: string;
  /** `invalid_request` only: every rule that was broken. */
  readonly errors?: readonly BrokenRule[];
  /** When another try could succeed, before bounds and jitter. */
  readonly retryAfter?: Millis | null;
  /** Facts for programs, such as `etaMs`. */
  readonly members?: Readonly<Record<string, unknown>>;
}

/** Ends a call with a refusal. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(readonly facts: RefusalFacts) {
    super(facts.detail ?? facts.reason);
  }
}

/** The request breaks rules; nothing was changed. */
export function invalid(errors: readonly BrokenRule[]): Refused {
  return new Refused(invalidFacts(errors));
}

function invalidFacts(errors: readonly BrokenRule[]): RefusalFacts {
  return {
    reason: 'invalid_request',
    detail: errors.map(({ path, rule }) => (path === '' ? rule : `${path}: ${rule}`)).join('; '),
    errors: errors.map(({ path, rule }) => ({ path, rule })),
  };
}

/** What the core refused, in the words of the interfaces. */
export function factsOf(refusal: Refusal): RefusalFacts {
  const { reason, retryAfter, phase, eta, position, cause, detail } = refusal;
  const members = Object.entries({ phase, etaMs: eta && Math.ceil(eta), position, cause });
  return {
    reason,
    retryAfter,
    ...(detail === undefined ? {} : { detail }),
    members: Object.fromEntries(members.filter(([, value]) => value !== undefined)),
  };
}
