import { setImmediate as breath } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { type Millis, type PlanBounds, Planning } from '#core';
import type { PlanMessage } from '#contracts';
import { CallerGone } from '../../transport/limits/caller-gone.js';
import { Refused } from '../../transport/errors/refused.js';
import type { PlanRequest } from './plan-request.js';
import { planView } from './plan-view.js';
import { Suppositions } from './suppositions.js';
import { Engine } from '#engine';
import { Lifecycle } from '../../transport/lifecycle.js';

const BOUNDS: Omit<PlanBounds, 'within'> = { turns: 1_000, items: 1_000 };
/** Plans are worked out one after the other, and so many may wait for their turn. */
const MAX_WAITING = 8;
/** For so long a plan is worked on before other work has its turn. */
const SLICE: Millis = 10;

/** Says what would happen if something were so. Changes nothing, and keeps no request for a route waiting. */
@Injectable()
export class Planner {
  private last: Promise<unknown> = Promise.resolve();
  /** Of each that waits or is worked on: what takes it out. */
  private readonly waiting = new Set<() => void>();

  constructor(
    @Inject(Engine) private readonly engine: Engine,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(Suppositions) private readonly suppositions: Suppositions,
  ) {}

  /** A plan of which the caller has gone is not worked on any further, and gives its place back. */
  async plan(request: PlanRequest, tenant: string, signal?: AbortSignal): Promise<PlanMessage> {
    this.lifecycle.admit();
    const supposition = this.suppositions.of(request, tenant);
    if (this.waiting.size >= MAX_WAITING) throw new Refused(TOO_MANY);
    const leave = (): void => void this.waiting.delete(leave);
    this.waiting.add(leave);
    signal?.addEventListener('abort', leave);
    const before = this.last;
    const planned = (async () => {
      await before;
      return this.work(supposition, request.withinMs, signal);
    })();
    this.last = planned.catch(() => undefined);
    return planned.finally(leave);
  }

  private async work(
    supposition: ReturnType<Suppositions['of']>,
    within: Millis,
    signal: AbortSignal | undefined,
  ): Promise<PlanMessage> {
    if (signal?.aborted) throw new CallerGone();
    const { engine, lifecycle } = this;
    const began = engine.now();
    const frozen = engine.fleet.frozen !== null;
    const planning = new Planning(engine.fleet, supposition, began, { within, ...BOUNDS });
    let slice = began;
    while (planning.turn()) {
      if (engine.now() - slice < SLICE) continue;
      await breath();
      if (signal?.aborted) throw new CallerGone();
      lifecycle.admit();
      slice = engine.now();
    }
    return planView(planning.plan(), { began, frozen });
  }
}

const TOO_MANY = {
  reason: 'queue_full',
  retryAfter: 1_000,
  detail: `${MAX_WAITING} plans wait already: they are worked out one after the other`,
} as const;
