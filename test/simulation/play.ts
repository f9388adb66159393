import type { Observer } from '#engine';
import type { Mark } from './marks.js';
import type { Plan } from './plan.js';
import { Rarities } from './rare/rarities.js';
import { TurnDigest } from './turn-digest.js';
import { World } from './world.js';

export interface PlayOptions {
  /** Every line of the trail is kept, not only the last ones. */
  readonly keepsAll?: boolean;
  /** Whether the turns are hashed, as they are where nothing is said. */
  readonly hashes?: boolean;
  /** Are told of every turn of every life of Berth, before it is checked. */
  readonly observers?: readonly Observer[];
}

/** How a plan went. */
export interface Played {
  /** The first promise that was not kept. */
  readonly failure: string | undefined;
  /** When that was, on the plan's clock. */
  readonly failedAt: number | undefined;
  /** Of every event and action of every turn: the same for two runs that went the same way. */
  readonly digest: string;
  readonly turns: number;
  /** What those turns were told. */
  readonly events: number;
  /** In ms, the quiet at the end included. */
  readonly simulated: number;
  readonly marks: ReadonlyMap<Mark, number>;
  readonly lines: readonly string[];
}

/** Plays a plan to its end, or to the first promise that is not kept. */
export async function play(plan: Plan, options: PlayOptions = {}): Promise<Played> {
  const count = { turns: 0, events: 0 };
  const counter: Observer = {
    turnTaken: ({ events }) => {
      count.turns += 1;
      count.events += events.length;
    },
  };
  const turns = new TurnDigest();
  const rarities = new Rarities((name) => world.trail.mark(name));
  const hashed = options.hashes === false ? [] : [turns];
  const observers = [counter, ...hashed, rarities, ...(options.observers ?? [])];
  const world: World = new World(plan, options.keepsAll ?? false, observers);
  const failure = await world.run().then(
    () => undefined,
    (error: unknown) => world.trail.failure ?? String(error),
  );
  const simulated = world.agenda.now();
  const { marks, lines } = world.trail;
  return {
    ...count,
    failure,
    failedAt: failure === undefined ? undefined : simulated,
    digest: turns.digest,
    simulated,
    marks,
    lines,
  };
}
