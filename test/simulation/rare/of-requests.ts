import type { Refusal, Request } from '#core';
import { CLASSES } from '../draw/asks.js';
import type { RareMark } from '../marks.js';
import { becameReady, heard, type Moment, requestOf, type Sign } from './moment.js';

/** What happens to requests at the very moment at which something else does. */
export const ofRequests = {
  'request cancelled in the turn its model became ready': (moment) =>
    heard(moment, 'RequestCancelled', ({ request }) => {
      const waited = moment.past.requests.get(request);
      return waited !== undefined && becameReady(moment, waited.model);
    }),
  'request answered at its very deadline': (moment) =>
    moment.turn.actions.some((action) => {
      if (action.kind !== 'grant' && action.kind !== 'refuse') return false;
      const request = moment.past.requests.get(action.request);
      return (
        request !== undefined && request.deadline <= moment.turn.now && becameReady(moment, request.model)
      );
    }),
  'queue of all full while that of the model had room': (moment) =>
    isRefusedFull(moment, (waiting, maxQueue) => waiting < maxQueue),
  'queue full displaced nobody': (moment) => isRefusedFull(moment, (waiting) => waiting > 0),
  'displaced for a higher class': (moment) => isDisplaced(moment, (one, other) => rank(other) > rank(one)),
  'displaced for another tenant': (moment) =>
    isDisplaced(moment, (one, other) => rank(other) === rank(one) && other.tenant !== one.tenant),
  'shed under pressure': (moment) =>
    moment.turn.actions.some((action) => action.kind === 'refuse' && action.refusal.detail === 'pressure'),
  'displaced by pressure': (moment) =>
    heard(moment, 'PressureChanged', ({ level }) => level !== 'none') &&
    moment.turn.actions.some(
      (action) =>
        action.kind === 'refuse' && isForFullness(action.refusal) && moment.past.requests.has(action.request),
    ),
} satisfies Partial<Record<RareMark, Sign>>;

const rank = ({ class: one }: Request): number => CLASSES.length - CLASSES.indexOf(one);

/**
 * Whether a request that had waited was refused for a full queue, and one that came in this turn waits for that model.
 */
function isDisplaced(
  { turn, fleet, past }: Moment,
  isSo: (one: Request, newcomer: Request) => boolean,
): boolean {
  return turn.actions.some((action) => {
    const one =
      action.kind === 'refuse' && isForFullness(action.refusal) && past.requests.get(action.request);
    if (!one) return false;
    const newcomers = [...fleet.waiting.values()].filter(({ id }) => !past.requests.has(id));
    return newcomers.some((newcomer) => newcomer.model === one.model && isSo(one, newcomer));
  });
}

const isForFullness = ({ reason }: Refusal): boolean => reason === 'queue_full' || reason === 'over_share';

/** Whether a request that came in this turn found a queue full; `isSo` of how many wait for that model, and may. */
function isRefusedFull(moment: Moment, isSo: (waiting: number, maxQueue: number) => boolean): boolean {
  const { turn, fleet, past } = moment;
  return turn.actions.some((action) => {
    if (action.kind !== 'refuse' || !isFull(action.refusal) || past.requests.has(action.request))
      return false;
    const model = requestOf(moment, action.request)?.model;
    if (model === undefined) return false;
    const waiting = [...fleet.waiting.values()].filter((request) => request.model === model).length;
    return isSo(waiting, (fleet.models.get(model) ?? fleet.defaults).coldStart.maxQueue);
  });
}

const isFull = ({ reason }: Refusal): boolean => reason === 'queue_full';
