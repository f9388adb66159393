import type { Fleet, Instant, Model, Request } from '#core';
import { couldFit, isListed, opensEver } from './planner.js';
import type { Turn, Wanted } from './verdict.js';
import { isWelcome } from './ways.js';

/** Nothing can be done now: refused for good where nothing ever can, for now where nothing can in time; else it waits. */
export function onNothing(turn: Turn, wanted: Wanted, request: Request): string | undefined {
  const { before, now } = turn;
  const reason = refusalOf(turn, request) ?? 'waits';
  const expected = reasonsFor(before, wanted, now);
  return expected.includes(reason) ? undefined : `${reason}, and not: ${expected.join(' or ')}`;
}

/** Why a request was refused in this turn; undefined where it was not. */
export function refusalOf({ actions }: Turn, request: Request): string | undefined {
  const refusal = actions.find((one) => one.kind === 'refuse' && one.request === request.id);
  return refusal?.kind === 'refuse' ? refusal.refusal.reason : undefined;
}

/** What may be answered; `waits` is no answer yet. */
function reasonsFor(fleet: Fleet, wanted: Wanted, now: Instant): readonly string[] {
  const { model } = wanted;
  if (!model.enabled) return ['disabled'];
  // A request for what no repository lists waits until the indexes have been read again.
  const isReadAgain = isNowhereListed(fleet, model) ? ['waits'] : [];
  const able = [...fleet.servers.values()].filter((server) => couldFit(fleet, server, model));
  if (able.length === 0) return ['infeasible', 'disabled', ...isReadAgain];
  if (able.every(({ contact }) => contact.kind === 'lost')) return ['no_server'];
  const opens = opensEver(fleet, wanted, now, able);
  if (opens === undefined) return ['waits', 'no_capacity'];
  return opens ? ['waits'] : ['no_capacity'];
}

const isNowhereListed = (fleet: Fleet, model: Model): boolean =>
  [...fleet.servers.values()].every((server) => !isWelcome(server, model) || !isListed(fleet, server, model));
