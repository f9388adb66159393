import { describe, expect, it } from '@jest/globals';
import type { Event, Fleet, ModelId } from '#core';
import type { Observer } from '#engine';
import { LEAVING, leavingServer } from './leaving-server.js';
import type { Plan } from './plan.js';
import { play } from './play.js';

/** What was to be seen from when the server was told to leave. */
class Watch implements Observer {
  /** Requests for models that were warm, and that found no warm copy. */
  cold = 0;
  /** The models on the server when it began to drain. */
  begun: readonly ModelId[] = [];
  /** Those for which requests came in the last minute, and that were nowhere else at the deadline. */
  missing: readonly ModelId[] | undefined;
  /** The models that were loaded elsewhere, in the order in which their loads ended. */
  readonly moved: ModelId[] = [];
  private start: number | undefined;
  private warm: ReadonlySet<ModelId> = new Set();

  constructor(private readonly plan: Plan) {}

  turnTaken({ events, now }: Parameters<Observer['turnTaken']>[0], fleet: Readonly<Fleet>): void {
    if (this.start === undefined && events.some(({ kind }) => kind === 'DrainOrdered')) {
      this.start = now;
      this.begun = readyOn(fleet, (server) => server === LEAVING.server);
      this.warm = new Set(readyOn(fleet, () => true));
    }
    if (this.start === undefined) return;
    this.cold += events.filter(
      (event) => event.kind === 'RequestArrived' && this.warm.has(event.request.model),
    ).length;
    this.moved.push(...events.flatMap(loadedIn));
    const isOver = now >= this.start + LEAVING.within;
    if (isOver) this.missing ??= this.lately().filter((id) => this.warm.has(id) && !isElsewhere(fleet, id));
  }

  private lately(): ModelId[] {
    const end = LEAVING.at + LEAVING.within;
    const asked = this.plan.happenings.flatMap((one) =>
      one.kind === 'ask' && one.at > end - 60_000 && one.at <= end ? [one.model] : [],
    );
    return [...new Set(asked)] as ModelId[];
  }
}

const loadedIn = (event: Event): ModelId[] =>
  event.kind === 'LoadEnded' ? [event.replica.split('@')[0] as ModelId] : [];

const readyOn = ({ replicas }: Readonly<Fleet>, fits: (server: string) => boolean): ModelId[] =>
  [...replicas.values()].flatMap((one) => (one.phase === 'ready' && fits(one.server) ? [one.model] : []));

const isElsewhere = (fleet: Readonly<Fleet>, id: ModelId): boolean =>
  readyOn(fleet, (server) => server !== LEAVING.server).includes(id);

describe('a server that leaves within a minute, in a fleet that is 60 % full and under load', () => {
  it.each([1, 2])('costs no warm request its route (seed %d)', async (seed) => {
    const plan = leavingServer(seed);
    const watch = new Watch(plan);
    const { failure } = await play(plan, { hashes: false, observers: [watch] });
    expect(failure).toBe(undefined);
    expect(watch.begun.length).toBeGreaterThan(5);
    expect([watch.cold, watch.missing]).toEqual([0, []]);
    expect(watch.moved).toEqual(expect.arrayContaining([...watch.begun]));
  });
});
