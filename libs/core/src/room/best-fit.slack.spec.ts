import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { Random } from '../../../../test/simulation/random.js';
import { aModel, aServer } from '../../../../test/support/builders.js';
import { type Fleet, emptyFleet } from '../fleet/fleet.js';
import { gpuAccount } from '../fleet/ids.js';
import { Ledger } from '../memory/ledger.js';
import type { Bytes } from '../fleet/model.js';
import { type Place, placesOn } from './places.js';
import { slackIn } from './best-fit.js';
import { decide } from '../../../../test/support/decide.js';

const GIB = 1024;
/** Sizes of models that people serve, in MiB. */
const SIZES = [
  310, 420, 450, 560, 640, 900, 1_400, 1_900, 2_300, 3_400, 4_700, 5_200, 9_800, 10_500, 19_500, 21_000,
  36_000,
];

/** Eight servers with 8 GPUs of 47 GiB, and as much memory on the host as on its GPUs; null: no bound. */
function anEmptyFleet(hostMemory: Bytes | null): Fleet {
  const fleet = emptyFleet();
  for (let at = 0; at < 8; at += 1) {
    const spec = aServer(`s${at}`, Array<number>(8).fill(47 * GIB), { hostMemory });
    decide(fleet, [{ kind: 'ServerDeclared', server: spec }], 0);
    const server = fleet.servers.get(spec.id)!;
    server.repository = new Set([aModel('next').id]);
  }
  return fleet;
}

type Measure = (ledger: Ledger, fleet: Fleet) => (place: Place) => number;

const ours: Measure = (ledger, fleet) => slackIn(fleet, ledger);

/** What would be left on the tightest account, in bytes. */
const tightest: Measure = (ledger) => (place) =>
  Math.min(...place.bookings.map(({ account, bytes }) => ledger.spare(account) - bytes));

/** The share of all GPU memory that is taken when a model comes that fits nowhere. */
function filled(measure: Measure, seed: number, hostMemory: Bytes | null): number {
  const random = new Random(seed, 'fill');
  const fleet = anEmptyFleet(hostMemory);
  const ledger = new Ledger(fleet, new Now(0));
  let taken = 0;
  for (;;) {
    const [gpuBytes, hostBytes] = [random.pick(SIZES), random.pick(SIZES)];
    const model = aModel('next', { gpuBytes, hostBytes, config: '{}' });
    fleet.models.set(model.id, model);
    const slackOf = measure(ledger, fleet);
    const places = [...fleet.servers.values()].flatMap((server) => placesOn(fleet, server, model));
    const fitting = places.filter(({ bookings }) => ledger.fitsSpare(bookings));
    const [best] = fitting
      .map((place) => ({ place, slack: slackOf(place) }))
      .toSorted((a, b) => a.slack - b.slack);
    if (!best) return taken / ledger.of(gpuAccount(fleet.servers.keys().next().value!, 0)).capacity / 64;
    ledger.promise(best.place.bookings);
    taken += gpuBytes;
  }
}

/** Over a few random orders, in percent. */
const average = (measure: Measure, hostMemory: Bytes | null): number =>
  [1, 2, 3].reduce((sum, seed) => sum + filled(measure, seed, hostMemory) / 3, 0) * 100;

describe('the best fit', () => {
  it('fills host and GPUs further than what leaves least on the tightest of them', () => {
    const [all, one] = [average(ours, 376 * GIB), average(tightest, 376 * GIB)];
    expect(all).toBeGreaterThan(one + 3);
  });

  it('keeps the large gaps as well where only GPUs are limited', () => {
    const [all, one] = [average(ours, null), average(tightest, null)];
    expect(all).toBeCloseTo(one, 1);
    expect(all).toBeGreaterThan(97);
  });
});
