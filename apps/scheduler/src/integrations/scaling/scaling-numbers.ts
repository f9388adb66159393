import { Interval } from '@nestjs/schedule';
import { Now } from '#core';
import {
  type Fleet,
  type Instant,
  largestWant,
  type Scaling,
  scalingAndRemovals,
  scalingOf,
  type WantHistory,
  withWant,
} from '#core';
import type { Learned, LearnedWant } from '#engine';
import { Refused } from '../../transport/errors/refused.js';
import type { Readiness } from '../../cluster/leadership/readiness.js';
import { SHUTTING_DOWN } from '../../transport/lifecycle.js';
import type { WallClock } from '../../transport/wall-times.js';
import type { ScalingMessage } from '#contracts';
import { scalingView } from './scaling-view.js';

/** What is needed of the rest of the process. */
export interface ScalingParts {
  readonly engine: { readonly fleet: Readonly<Fleet>; now(): Instant };
  readonly readiness: Pick<Readiness, 'state'>;
  /** Keeps the wants of the last hour for the next life. */
  readonly learned: Pick<Learned, 'write'>;
  readonly wallNow: WallClock;
  /** Is told of each sample. */
  readonly onSampled: (scaling: Scaling, wanted: number) => void;
}

/** How many servers the fleet should have, and how many it has. */
export interface ServersWanted {
  readonly wanted: number;
  readonly present: number;
}

/** `Retry-After` of callers that ask before Berth is ready. */
const RETRY_AFTER_MS = 1_000;

const NOT_REACHED = new Refused({
  reason: 'no_leader',
  detail: 'no server was reached since the start',
  retryAfter: RETRY_AFTER_MS,
});

/** The numbers for autoscalers: what is wanted now, and by the last hour, which outlasts a restart. */
export class ScalingNumbers {
  private history: WantHistory;
  /** The history that was last given to the store. */
  private stored: WantHistory;
  private isWriting = false;
  private sampled: ServersWanted | null = null;
  private seen: Scaling['room'] = null;

  constructor(
    private readonly parts: ScalingParts,
    remembered: readonly LearnedWant[],
  ) {
    this.history = recalled(remembered, parts.engine.now(), parts.wallNow());
    this.stored = this.history;
  }

  /** All numbers. Throws `no_leader` until Berth is ready, and `shutting_down` once it ends. */
  read(): ScalingMessage {
    this.admit();
    const now = this.parts.engine.now();
    const { scaling, removals } = scalingAndRemovals(this.parts.engine.fleet, new Now(now), this.seen);
    const wanted = this.takenDown(scaling, now);
    if (isDoubtful(scaling, wanted)) throw NOT_REACHED;
    return scalingView(scaling, wanted, removals);
  }

  /** How many servers are wanted, by the last hour. Throws as `read` does. */
  wanted(): number {
    this.admit();
    const { scaling, wanted } = this.taken();
    if (isDoubtful(scaling, wanted)) throw NOT_REACHED;
    return wanted;
  }

  /** Takes down what is wanted now. While Berth is not ready there is nothing to take down; it says whether it was. */
  @Interval(5_000)
  sample(): boolean {
    if (this.parts.readiness.state() === 'ending' || !this.isKnown()) return false;
    const { scaling, wanted } = this.taken();
    if (isDoubtful(scaling, wanted)) return false;
    this.sampled = { wanted, present: scaling.present };
    this.parts.onSampled(scaling, wanted);
    void this.store();
    return true;
  }

  /** What the last sample said; null before the first one. */
  latest(): ServersWanted | null {
    return this.sampled;
  }

  private taken(): { readonly scaling: Scaling; readonly wanted: number } {
    const now = this.parts.engine.now();
    const scaling = scalingOf(this.parts.engine.fleet, new Now(now), this.seen);
    return { scaling, wanted: this.takenDown(scaling, now) };
  }

  /** Takes down what is wanted now, and of what kind the servers are; returns the largest want of the last hour. */
  private takenDown({ wanted, room }: Scaling, now: Instant): number {
    this.seen = room;
    this.history = withWant(this.history, wanted, now);
    return largestWant(this.history, now);
  }

  /** A number that is too low would make the fleet smaller: there is none before all servers were looked at. */
  private admit(): void {
    const state = this.parts.readiness.state();
    if (state === 'ending') throw new Refused(SHUTTING_DOWN);
    if (this.isKnown()) return;
    throw new Refused({
      reason: 'no_leader',
      detail: 'not all servers are known and were looked at since the start',
      retryAfter: RETRY_AFTER_MS,
    });
  }

  /** Servers that DNS has not told of yet may be wanted, too. */
  private isKnown(): boolean {
    const { engine, readiness } = this.parts;
    return readiness.state() !== 'starting' && !engine.fleet.serversAwaited;
  }

  /** One write at a time. What was not written is written with the next sample. */
  private async store(): Promise<void> {
    const { history } = this;
    if (this.isWriting || history === this.stored) return;
    this.isWriting = true;
    const offset = this.parts.wallNow() - this.parts.engine.now();
    const value = history.map(({ from, servers }) => ({ from: Math.max(0, from + offset), servers }));
    try {
      await this.parts.learned.write([{ kind: 'wants', value }]);
      this.stored = history;
    } catch {
      // The store tells of its failure itself (`berth_store_ok`).
    } finally {
      this.isWriting = false;
    }
  }
}

/** A 0 would make the fleet smaller: it is not told before any server was reached. */
const isDoubtful = ({ isSure }: Scaling, wanted: number): boolean => wanted === 0 && !isSure;

/** A want from the future, by a clock that was set back, counts as one of this moment. */
const recalled = (wants: readonly LearnedWant[], now: Instant, wall: number): WantHistory =>
  wants
    .map(({ from, servers }) => ({ from: now - Math.max(0, wall - from), servers }))
    .toSorted((a, b) => a.from - b.from)
    .reduce<WantHistory>((history, { from, servers }) => withWant(history, servers, from), []);
