import type { Demand, Instant, Why } from '#core';
import { counted } from './in-short.js';
import { lasting } from './times.js';
import { hereWords } from './why-here.js';
import { thereWords } from './why-there.js';

/** Why a model is where it is, or nowhere, in plain sentences with numbers. */
export function whyWords(why: Why, now: Instant): string[] {
  return [
    headline(why),
    ...(why.source === null ? [] : demandWords(why.demand, now)),
    ...why.here.flatMap((here) => hereWords(here, now)),
    ...pastWords(why, now),
    ...why.there.flatMap((there) => thereWords(there, now)),
  ];
}

function headline({ model, source, state, enabled }: Why): string {
  if (source === null)
    return `${model} is unknown: it is not declared, and no repository that was seen lists it.`;
  return `${model} is ${state.replace('_', ' ')}${enabled ? '' : ', and disabled: it is never loaded'}.`;
}

function demandWords({ pinnedCopies, presentCopies, ...demand }: Demand, now: Instant): string[] {
  const pin = `It is pinned: ${presentCopies} of ${counted(pinnedCopies, 'copy', 'copies')} there or on the way.`;
  const wanted = [
    ...(pinnedCopies > 0 ? [pin] : []),
    ...waitingWords(demand, now),
    ...wishWords(demand, now),
  ];
  return wanted.length > 0 ? [...wanted, ...progressWords(demand, now)] : ['It is not wanted now.'];
}

function waitingWords({ waiting }: Pick<Demand, 'waiting'>, now: Instant): string[] {
  if (waiting.length === 0) return [];
  const oldest = waiting.reduce((least, { since }) => Math.min(least, since), Infinity);
  const deadline = waiting.reduce((least, { deadline: end }) => Math.min(least, end), Infinity);
  const who = waiting.length === 1 ? 'One request waits' : `${waiting.length} requests wait`;
  return [
    `${who} for it: the oldest for ${lasting(now - oldest)}, the next answer due in ${lasting(deadline - now)}.`,
  ];
}

function wishWords({ wish }: Pick<Demand, 'wish'>, now: Instant): string[] {
  if (wish === null) return [];
  const who = wish.admin ? 'An admin ordered its load' : 'A request that does not wait asked for it';
  return [`${who}, ${lasting(now - wish.since)} ago; that holds for another ${lasting(wish.until - now)}.`];
}

function progressWords({ lacksSince, wait }: Pick<Demand, 'lacksSince' | 'wait'>, now: Instant): string[] {
  const lack = lacksSince === null ? [] : [`A copy has been lacking for ${lasting(now - lacksSince)}.`];
  return [...lack, ...(wait === null ? [] : [etaWords(wait)])];
}

function etaWords({ phase, eta }: NonNullable<Demand['wait']>): string {
  if (eta === null) return 'When its load begins cannot be told.';
  const about = `about ${lasting(eta.p50)}, and nine times of ten no more than ${lasting(eta.p90)}`;
  return phase === 'loading'
    ? `It should be ready in ${about}.`
    : `Its load has not begun; it should take ${about}.`;
}

/** What went before. */
function pastWords({ lastFailure, nextTryAt, lastUnload }: Why, now: Instant): string[] {
  const again = nextTryAt === null ? '' : `; the next try may start in ${lasting(nextTryAt - now)}`;
  const failure =
    lastFailure && `Its last load failed ${lasting(now - lastFailure.at)} ago: ${lastFailure.cause}${again}.`;
  const newcomer = lastUnload?.makesRoomFor == null ? '' : `, to make room for ${lastUnload.makesRoomFor}`;
  const unload =
    lastUnload && `A copy left ${lasting(now - lastUnload.at)} ago: ${lastUnload.cause}${newcomer}.`;
  return [failure, unload].filter((sentence) => sentence !== null);
}
