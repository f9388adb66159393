import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import { unsatisfiedPins } from '../explain/view.js';
import type { Model, ServerSpec } from '../index.js';
import { fitPins } from './fit-pins.js';

const RUNS = Number(process.env['RUNS'] ?? 60);
const SEED = Number(process.env['SEED'] ?? 8);

/** A server; `late`: it cannot be reached before all pins are said, and lists all models. */
interface Setup {
  readonly gpus: readonly number[];
  readonly hostMemory: number | null;
  readonly strangers: 'keep' | 'adopt';
  readonly late: boolean;
  readonly lists: readonly boolean[];
  /** What somebody has loaded there before. */
  readonly holds: readonly boolean[];
}

interface Kind {
  readonly gpuBytes: number;
  readonly hostBytes: number;
  readonly config: string | null;
  readonly sets: boolean;
  readonly pins: 0 | 1 | 2;
  /** How many of its loads fail at first. */
  readonly failures: number;
  /** Whether it is asked for before it is pinned. */
  readonly isAsked: boolean;
}

interface Story {
  readonly servers: readonly Setup[];
  readonly kinds: readonly Kind[];
  /** After how many models the next are said. */
  readonly batches: readonly number[];
}

const MOST = 7;
const flags = (often: number): fc.Arbitrary<boolean[]> =>
  fc.array(
    fc.nat({ max: 9 }).map((n) => n < often),
    { minLength: MOST, maxLength: MOST },
  );
const servers: fc.Arbitrary<Setup[]> = fc.array(
  fc.record({
    gpus: fc.constantFrom([10], [10], [16], [24], [6, 6], [10, 8], []),
    hostMemory: fc.constantFrom(null, null, 12, 20),
    strangers: fc.constantFrom('keep', 'adopt', 'adopt'),
    late: fc.constantFrom(false, false, false, true),
    lists: flags(8),
    holds: flags(2),
  }),
  { minLength: 1, maxLength: 4 },
);
const kinds: fc.Arbitrary<Kind[]> = fc.array(
  fc.record({
    gpuBytes: fc.integer({ min: 0, max: 12 }),
    hostBytes: fc.constantFrom(0, 0, 3, 6),
    config: fc.constantFrom(null, '{}'),
    sets: fc.constantFrom(false, false, false, true),
    pins: fc.constantFrom(0, 1, 1, 1, 2),
    failures: fc.constantFrom(0, 0, 0, 1, 3),
    isAsked: fc.boolean(),
  }),
  { minLength: 2, maxLength: MOST },
);
const stories: fc.Arbitrary<Story> = fc.record({
  servers,
  kinds,
  batches: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: MOST, maxLength: MOST }),
});

const nameOf = (nth: number): string => 'abcdefg'[nth]!;

const modelOf = (kind: Kind, nth: number): Model =>
  aModel(nameOf(nth), {
    gpuBytes: kind.gpuBytes,
    hostBytes: kind.hostBytes,
    config: kind.sets ? null : kind.config,
    deviceSets: kind.sets ? [[0], [0, 1]] : [],
  });

const pinnedOf = (kind: Kind, nth: number): Model => ({ ...modelOf(kind, nth), pinnedCopies: kind.pins });

function specOf({ gpus, hostMemory, strangers }: Setup, nth: number): ServerSpec {
  const id = 'stuv'[nth]!;
  return gpus.length > 0
    ? aServer(id, gpus, { hostMemory, strangers })
    : aServer(id, [], { devices: null, hostMemory: hostMemory ?? 9, strangers });
}

/** Plays a story: a load fails as often as it is to, else it ends after a second or two. */
class Play {
  readonly driver = new CoreDriver();
  private readonly failures: Map<string, number>;
  private readonly names: readonly string[];

  constructor(private readonly story: Story) {
    this.names = story.kinds.map((_, nth) => nameOf(nth));
    this.failures = new Map(story.kinds.map(({ failures }, nth) => [nameOf(nth), failures]));
  }

  begin(): void {
    const { driver, story } = this;
    story.servers.forEach((setup, nth) => {
      const server = specOf(setup, nth);
      if (setup.late) return driver.tell({ kind: 'ServerDeclared', server });
      const listed = this.names.filter((_, model) => setup.lists[model] || setup.holds[model]);
      driver.serve(server, listed);
      return undefined;
    });
    driver.declare(...story.kinds.map(modelOf));
    story.servers.forEach((setup, nth) => {
      if (setup.late) return;
      this.names.forEach((name, model) => {
        if (setup.holds[model]) driver.shelf(specOf(setup, nth).id).set(name, 'READY');
      });
    });
    this.advance(20_000);
    story.kinds.forEach(({ isAsked }, nth) => isAsked && driver.resolve(nameOf(nth), { lease: 5_000 }));
    this.advance(10_000);
  }

  /** Says the pins in batches, and those that are refused not. */
  pin(): void {
    const { driver, story } = this;
    let all: Model[] = story.kinds.map(modelOf);
    for (let from = 0, nth = 0; from < all.length; nth += 1) {
      const to = from + story.batches[nth]!;
      const asked = all.map((one, at) => (at >= from && at < to ? pinnedOf(story.kinds[at]!, at) : one));
      if (fitPins(driver.fleet, asked).fits) {
        all = asked;
        driver.declare(...all.slice(from, to));
        this.advance(1_000);
      }
      from = to;
    }
  }

  comeLate(): void {
    this.advance(60_000);
    this.story.servers.forEach((setup, nth) => {
      if (setup.late) this.driver.serve(specOf(setup, nth), this.names);
    });
  }

  advance(millis: number): void {
    const { driver } = this;
    for (const end = driver.now + millis; driver.now < end;) {
      driver.pass(1_000);
      for (const model of this.names)
        for (const server of driver.shelves.keys())
          if (driver.isLoading(model, server)) this.end(model, server);
    }
  }

  private end(model: string, server: string): void {
    const left = this.failures.get(model)!;
    this.failures.set(model, left - 1);
    this.driver.loadEnds(model, server, left > 0 ? 'transient' : 'succeeded');
  }
}

describe('an accepted pin', () => {
  it('is met, whatever stands, fails at first or comes late', () => {
    const seen = { pins: 0 };
    fc.assert(
      fc.property(stories, (story) => {
        const play = new Play(story);
        play.begin();
        play.pin();
        play.comeLate();
        const { fleet } = play.driver;
        for (let minutes = 0; minutes < 40 && unsatisfiedPins(fleet).length > 0; minutes += 1)
          play.advance(60_000);
        expect(unsatisfiedPins(fleet)).toEqual([]);
        seen.pins += [...fleet.models.values()].filter(({ pinnedCopies }) => pinnedCopies > 0).length;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(seen.pins).toBeGreaterThan(RUNS);
  });
});
