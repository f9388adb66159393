import { Now } from '#core';
import { describe, expect, it } from '@jest/globals';
import { type Fleet, gpuAccount, memoryOf, replicaFlags } from '#core';
import type { Observer } from '#engine';
import { fullFleet } from '../simulation/full-fleet.js';
import { play } from '../simulation/play.js';

/** How many hours of it are played; a whole day is 24. */
const HOURS = Number(process.env['FLEET_HOURS'] ?? 1);
/** A day of it takes some minutes. */
const WITHIN_MS = 20 * 60_000;

/** The share of all memory that replicas hold. */
function fill(fleet: Readonly<Fleet>): number {
  const memory = memoryOf(fleet);
  const accounts = [...fleet.servers.values()].flatMap(({ spec, devices }) =>
    (devices ?? []).map(({ ordinal }) => memory(gpuAccount(spec.id, ordinal))),
  );
  const sum = (key: 'held' | 'capacity'): number =>
    accounts.reduce((total, account) => total + account[key], 0);
  return sum('held') / sum('capacity');
}

describe('a thousand models on 64 GPUs', () => {
  it(
    `fill them to 97 %, and go on for ${HOURS} hours without a failed load, too much held or an order stuck`,
    async () => {
      const seen = { fullest: 0, loads: 0, failed: 0, evictions: 0, stuck: 0 };
      let turn = 0;
      const watch: Observer = {
        turnTaken: ({ events, actions, now }, fleet) => {
          for (const event of events) {
            if (event.kind !== 'LoadEnded') continue;
            seen.loads += 1;
            if (event.outcome.kind !== 'succeeded') seen.failed += 1;
          }
          for (const action of actions) if (action.kind === 'unload') seen.evictions += 1;
          if (turn++ % 500 !== 0) return;
          seen.fullest = Math.max(seen.fullest, fill(fleet));
          seen.stuck += [...fleet.replicas.values()].filter((one) =>
            replicaFlags(fleet, one, new Now(now)).includes('stuck'),
          ).length;
        },
      };
      const { failure } = await play(fullFleet(1, HOURS), { hashes: false, observers: [watch] });
      expect(failure).toBe(undefined);
      expect(seen).toMatchObject({ failed: 0, stuck: 0 });
      expect(seen.fullest).toBeGreaterThan(0.97);
      expect(seen.evictions).toBeGreaterThan(50 * HOURS);
    },
    WITHIN_MS,
  );
});
