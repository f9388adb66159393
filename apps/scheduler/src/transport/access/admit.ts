import { type Access, hasRight, type Presented, type Principal, type Right, type Unsigned } from '#access';
import { Refused } from '../errors/refused.js';

/** `Retry-After` of a caller whose token could not be verified for lack of time, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

/**
 * Finds the caller by what a call presents. Refuses `not_signed_in`, `busy`, and as `not_allowed` a caller without the right; null:
 * any caller may. Throws, or rejects where a token had to be verified first.
 */
export function admit(
  access: Access,
  presented: Presented,
  right: Right | null,
): Principal | Promise<Principal> {
  const found = access.signIn(presented);
  return found instanceof Promise ? found.then((one) => admitted(one, right)) : admitted(found, right);
}

function admitted(found: Principal | Unsigned, right: Right | null): Principal {
  if (found === 'not_signed_in') throw new Refused({ reason: found });
  if (found === 'busy') throw new Refused({ reason: found, retryAfter: RETRY_AFTER_MS });
  if (right !== null) demand(found, right);
  return found;
}

/** Refuses a caller that lacks a right. */
export function demand({ role }: Pick<Principal, 'role'>, right: Right): void {
  if (hasRight(role, right)) return;
  throw new Refused({ reason: 'not_allowed', detail: `the role ${role} lacks the right ${right}` });
}
