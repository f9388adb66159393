import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Event } from '#core';
import type { ToldFreeze, Engine } from '#engine';
import type { FleetMessage } from '#contracts';
import { PerTerm } from '../per-term.js';
import { atOnce } from '../slices.js';
import type { WallTimes } from '../wall-times.js';
import { type Caller, checkNoIfMatch } from '../writes/caller.js';
import type { Written, Writes } from '../writes/writes.js';
import { overviewOf, type PicturePorts } from './overview.js';

/** What a freeze may say. */
export const freezeBodySchema = z.strictObject({
  reason: z
    .string()
    .trim()
    .min(1, { error: 'must not be empty' })
    .max(500, { error: 'must have at most 500 characters' })
    .describe('The reason, shown with the fleet.'),
});

export type FreezeBody = z.infer<typeof freezeBodySchema>;

const PATH = '/v1/fleet/frozen';

/** What freezing uses of the present term. */
interface FreezePorts extends PicturePorts {
  readonly engine: Engine;
  readonly freeze: { told: ToldFreeze | null };
  readonly times: WallTimes;
  readonly writes: Writes;
}

/** Freezes the fleet and ends that: routes go on meanwhile, no load or unload is ordered. Survives a restart. */
@Injectable()
export class Freezes {
  constructor(@Inject(PerTerm) private readonly term: PerTerm<FreezePorts>) {}

  /** Another reason is taken up; it stays frozen since it was frozen first. */
  freeze({ reason }: FreezeBody, caller: Caller): Promise<Written<FleetMessage>> {
    return this.perform('PUT', { reason }, caller, ({ freeze, times }) => {
      const since = freeze.told?.since ?? new Date(times.wallNow()).toISOString();
      return { reason, since, by: caller.credential };
    });
  }

  unfreeze(caller: Caller): Promise<Written<FleetMessage>> {
    return this.perform('DELETE', null, caller, () => null);
  }

  private perform(
    method: string,
    body: unknown,
    caller: Caller,
    nextOf: (made: FreezePorts) => ToldFreeze | null,
  ): Promise<Written<FleetMessage>> {
    const made = this.term.certain;
    const { engine, freeze, times, writes } = made;
    const view = (): FleetMessage => atOnce(overviewOf(made, freeze.told));
    return writes.perform({ method, path: PATH, body, caller, present: view }, () => {
      checkNoIfMatch(caller);
      const next = nextOf(made);
      return {
        changes: [{ kind: 'freeze', value: next }],
        status: 200,
        view: () => atOnce(overviewOf(made, next)),
        commit: () => {
          freeze.told = next;
          engine.tell(freezeEvent(next, times));
        },
      };
    });
  }
}

/** What the engine is told of a freeze, or of its end. */
export function freezeEvent(told: ToldFreeze | null, times: WallTimes): Event {
  if (told === null) return { kind: 'FreezeEnded' };
  return { kind: 'FreezeOrdered', reason: told.reason, since: times.instantOf(told.since) };
}
