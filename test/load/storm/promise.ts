import { type ActionOf, beginWaiting, type Fleet, PROMISE_CAUSES, type Request, type RequestId } from '#core';

/** What the tests of promises know of how the core keeps and tells them. All of it is here. */

/** Whether a waiting request was promised a route in time. */
export const isPromised = (fleet: Readonly<Fleet>, id: RequestId): boolean => fleet.promises.get(id) != null;

/** Lets a request wait as if it had been promised a route; the core is not told that it has come. */
export function admit(fleet: Fleet, request: Request): void {
  beginWaiting(fleet, request);
  fleet.promises.set(request.id, request.deadline);
}

/** Why the refusal of a promised request is told to be no fault of the core; null where it says nothing. */
export const causeOf = ({ broken }: ActionOf<'refuse'>): string | null =>
  broken && LISTED.has(broken) ? broken : null;

/** The causes for which a promise may break: a closed list. */
const LISTED: ReadonlySet<string> = new Set(PROMISE_CAUSES);
