import type { Instant, Verdict, WhyAccount, WhyHolder, WhyPlace, WhyThere } from '#core';
import { closedWords } from './closed-words.js';
import { lasting } from './times.js';
import { accountWords, holdWords, memory } from './why-memory.js';

const MOST_HOLDERS = 20;

/** Why a model is not on a server that holds no copy of it; nothing of one that does. */
export function thereWords(there: WhyThere, now: Instant): string[] {
  const { server, verdict, places } = there;
  if (verdict === 'holds') return [];
  const counts = verdict === 'no_room' || verdict === 'swaps_spent' || verdict.startsWith('room_by_');
  return [
    `On ${server}: ${verdictWords(there, now)}.`,
    ...(counts ? places.flatMap((place) => placeWords(place, now)) : []),
  ];
}

type Plain = Exclude<
  Verdict,
  'cooling_down' | 'closed' | 'room_by_eviction' | 'room_by_move' | 'swaps_spent'
>;

const VERDICTS: Readonly<Record<Plain, string>> = {
  holds: 'a copy is there',
  room: 'there is room',
  no_room: 'there is no room, and too little may leave',
  incomplete: 'something that it needs there is still leaving, or cannot come',
  frozen: 'the fleet is frozen, and nothing is loaded before that ends',
  quarantined: 'the model, or something that it is made of, took more than its limit and is quarantined',
  unseen: 'it was never seen what is there',
  not_in_repository: 'its repository does not list it',
  labels: 'it lacks a label that the model asks for',
  too_small: 'it would not fit even if all that may ever leave had left',
  no_device_set: 'it has none of the sets of devices over which the model is spread',
  needs_config: 'it does not fit on all devices at once, and its config is not known, so none can be chosen',
  disabled: 'it is disabled, or something that it needs is',
};

function coolingWords({ cause, by, until }: NonNullable<WhyThere['cooldown']>, now: Instant): string {
  const next = until === null ? 'one elsewhere' : lasting(until - now);
  switch (by) {
    case 'back_off':
      return `the last load failed (${cause}); the next may start in ${next}`;
    case 'breaker':
      return `its last loads all failed (${cause}); the next may start, on one server, in ${next}`;
    case 'half_open':
      return `its last loads all failed (${cause}); ${next} is to show whether they still do`;
    case 'retry_budget':
      return `the last load failed (${cause}), and the server was asked for many such; the next may start in ${next}`;
  }
}

function verdictWords(there: WhyThere, now: Instant): string {
  const { verdict, until, cooldown, places } = there;
  switch (verdict) {
    case 'cooling_down':
      return cooldown === null ? 'the last load failed a short time ago' : coolingWords(cooldown, now);
    case 'closed':
      return closedThere(there, now);
    case 'room_by_eviction':
      return `there is room once ${victimsIn(places, verdict)} left`;
    case 'swaps_spent':
      return `there is room once ${victimsIn(places, verdict)} left, which may begin in ${lasting(until! - now)}: the device has had its swaps of a minute`;
    case 'room_by_move': {
      const { replica, server } = places.find(({ move }) => move !== null)!.move!;
      return `there is room once another copy of ${replica} is ready on ${server} and it left`;
    }
    default:
      return VERDICTS[verdict];
  }
}

/** The server takes nothing new; or it does, and the devices of its best place are closed. */
function closedThere({ standing, isDrained, places, devices }: WhyThere, now: Instant): string {
  const takesLoads = standing === 'ready' && !isDrained;
  const place = takesLoads ? places.find(({ verdict }) => verdict === 'closed') : undefined;
  const told = devices.flatMap(({ ordinal, closed }) =>
    closed && place?.devices.includes(ordinal) ? [`device ${ordinal} is ${closedWords(closed, now)}`] : [],
  );
  return told.length > 0
    ? told.join(', and ')
    : `the server takes nothing new: it is ${isDrained ? 'being drained' : standing.replace('_', ' ')}`;
}

const victimsIn = (places: readonly WhyPlace[], verdict: Verdict): string =>
  places.find((place) => place.verdict === verdict)?.victims?.join(' and ') ?? 'another copy';

/** The accounts that are short of memory, and the copies that hold it. */
function placeWords({ accounts }: WhyPlace, now: Instant): string[] {
  const short = accounts.filter(({ needs, spare }) => needs > spare);
  return short.flatMap((account) => [
    sum(account),
    ...account.holders.slice(0, MOST_HOLDERS).map((one) => holder(one, now)),
  ]);
}

function sum({ account, needs, capacity, held, promised, leaving, free }: WhyAccount): string {
  const taken = [
    `${memory(held)} held`,
    ...(leaving > 0 ? [`${memory(leaving)} of it leaving`] : []),
    ...(promised > 0 ? [`${memory(promised)} promised`] : []),
  ];
  const room = `${memory(free)} of ${memory(capacity)} are free`;
  return `  ${accountWords(account)}: it needs ${memory(needs)}, and ${room}: ${taken.join(', ')}.`;
}

function holder({ replica, bytes, holds }: WhyHolder, now: Instant): string {
  const reasons = holds.length > 0 ? holds.map((hold) => holdWords(hold, now)).join('; ') : 'it may leave';
  return `    ${replica} has ${memory(bytes)}: ${reasons}.`;
}
