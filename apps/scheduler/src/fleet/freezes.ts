import { z } from 'zod';
import type { Event } from '#core';
import type { Engine, ToldFreeze } from '#engine';
import type { FleetMessage } from '#contracts';
import type { WallTimes } from '../wall-times.js';
import { type Caller, checkNoIfMatch } from '../writes/caller.js';
import type { Prepared, Writes, Written } from '../writes/writes.js';

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
export class Freezes {
  constructor(
    private readonly engine: Engine,
    private readonly view: (frozen: ToldFreeze | null) => FleetMessage,
    private readonly outside: { readonly writes: Writes; readonly times: WallTimes },
    private told: ToldFreeze | null,
  ) {}

  /** What holds now. */
  get frozen(): ToldFreeze | null {
    return this.told;
  }

  /** Another reason is taken up; it stays frozen since it was frozen first. */
  freeze({ reason }: FreezeBody, caller: Caller): Promise<Written<FleetMessage>> {
    return this.outside.writes.perform(
      { method: 'PUT', path: PATH, body: { reason }, caller, present: () => this.view(this.told) },
      () => {
        checkNoIfMatch(caller);
        const since = this.told?.since ?? new Date(this.outside.times.wallNow()).toISOString();
        return this.become({ reason, since });
      },
    );
  }

  unfreeze(caller: Caller): Promise<Written<FleetMessage>> {
    return this.outside.writes.perform(
      { method: 'DELETE', path: PATH, body: null, caller, present: () => this.view(this.told) },
      () => {
        checkNoIfMatch(caller);
        return this.become(null);
      },
    );
  }

  private become(next: ToldFreeze | null): Prepared<FleetMessage> {
    return {
      changes: [{ kind: 'freeze', value: next }],
      status: 200,
      view: () => this.view(next),
      commit: () => {
        this.told = next;
        this.engine.tell(freezeEvent(next, this.outside.times));
      },
    };
  }
}

/** What the engine is told of a freeze, or of its end. */
export function freezeEvent(told: ToldFreeze | null, times: WallTimes): Event {
  if (told === null) return { kind: 'FreezeEnded' };
  return { kind: 'FreezeOrdered', reason: told.reason, since: times.instantOf(told.since) };
}
