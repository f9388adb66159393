import type { Millis, Refusal } from '#core';
import type { Reason } from '#contracts';

/** One broken rule, and where. */
export interface BrokenRule {
  readonly path: string;
  readonly rule: string;
}

/** Why a request is refused, with what helps: the same for every interface. */
export interface RefusalFacts {
  readonly reason: Reason;
  /** Says more than the reason's title. */
  readonly detail?: string;
  /** Every rule that was broken, where the request breaks some. */
  readonly errors?: readonly BrokenRule[];
  /** When another try could succeed, before bounds and jitter. */
  readonly retryAfter?: Millis | null;
  /** Facts for programs, such as `etaMs`. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** What the caller calls its request. */
  readonly requestId?: string;
}

/** The same with what the caller calls its request, where that is known. */
export const named = (facts: RefusalFacts, requestId: string | undefined): RefusalFacts =>
  requestId === undefined ? facts : { ...facts, requestId };

/** Ends a call with a refusal. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(readonly facts: RefusalFacts) {
    super(facts.detail ?? facts.reason);
  }
}

/** An answer has bounds: it tells of so many broken rules, the first ones, and of a longer text the beginning. */
const MAX_TOLD = 100;
const MAX_TEXT_LENGTH = 300;

/** The request breaks rules; nothing was changed. */
export function invalid(errors: readonly BrokenRule[]): Refused {
  return new Refused(invalidFacts(toldOf(errors)));
}

function toldOf(errors: readonly BrokenRule[]): readonly BrokenRule[] {
  const told = errors.slice(0, MAX_TOLD).map(({ path, rule }) => {
    return { path: cutTo(MAX_TEXT_LENGTH, path), rule: cutTo(MAX_TEXT_LENGTH, rule) };
  });
  const more = errors.length - told.length;
  return more === 0 ? told : [...told, { path: '', rule: `breaks ${more} more rules` }];
}

/** A text of so many characters at most. */
export function cutTo(most: number, text: string): string {
  return text.length <= most
    ? text
    : `${Array.from(text)
        .slice(0, most - 1)
        .join('')}…`;
}

function invalidFacts(errors: readonly BrokenRule[]): RefusalFacts {
  return {
    reason: 'invalid_request',
    detail: errors.map(({ path, rule }) => (path === '' ? rule : `${path}: ${rule}`)).join('; '),
    errors,
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
