import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Event } from '#core';
import { Engine, type DeclaredFreeze } from '#engine';
import type { FleetMessage } from '#contracts';
import { atOnce } from '../../transport/lists/time-slicer.js';
import { WallTimes } from '../../transport/wall-times.js';
import { type Caller, checkNoIfMatch } from '../../transport/access/caller.js';
import { type Written, Writes } from '../idempotency/writes.js';
import { Frozen, Overview } from './overview.js';

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

/** Freezes the fleet and ends that: routes go on meanwhile, no load or unload is ordered. Survives a restart. */
@Injectable()
export class Freezes {
  constructor(
    @Inject(Engine) private readonly engine: Engine,
    @Inject(Frozen) private readonly frozen: Frozen,
    @Inject(Overview) private readonly overview: Overview,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /** Another reason is taken up; it stays frozen since it was frozen first. */
  freeze({ reason }: FreezeBody, caller: Caller): Promise<Written<FleetMessage>> {
    return this.perform('PUT', { reason }, caller, () => {
      const since = this.frozen.told?.since ?? new Date(this.times.wallNow()).toISOString();
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
    nextOf: () => DeclaredFreeze | null,
  ): Promise<Written<FleetMessage>> {
    const { engine, frozen, overview, times, writes } = this;
    const view = (): FleetMessage => atOnce(overview.with(frozen.told));
    return writes.perform({ method, path: PATH, body, caller, present: view }, () => {
      checkNoIfMatch(caller);
      const next = nextOf();
      return {
        changes: [{ kind: 'freeze', value: next }],
        status: 200,
        view: () => atOnce(overview.with(next)),
        commit: () => {
          frozen.told = next;
          engine.tell(freezeEvent(next, times));
        },
      };
    });
  }
}

/** What the engine is told of a freeze, or of its end. */
export function freezeEvent(told: DeclaredFreeze | null, times: WallTimes): Event {
  if (told === null) return { kind: 'FreezeEnded' };
  return { kind: 'FreezeOrdered', reason: told.reason, since: times.instantOf(told.since) };
}
