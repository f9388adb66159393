import { describe, expect, it } from '@jest/globals';
import { aModel, aServer, CoreDriver } from '../../../../test/support/core-driver.js';
import type { ModelId } from '../index.js';

const A = 'a' as ModelId;
const MINUTE = 60_000;
const ONE = ['load a@t'];
const TWO = [...ONE, 'load a@u'];
const THREE = [...TWO, 'load a@v'];

/** What callers ask of a model, and what its copies do, in one second. */
interface Second {
  readonly routes: number;
  /** Requests served, and how many of them stand in the queue, by the first copy. */
  readonly served: number;
  readonly queue?: number;
}

/** A model with a copy that is ready, and up to three of them. */
class Story {
  readonly driver: CoreDriver;
  private served = 0;

  constructor(maxCopies = 3) {
    this.driver = new CoreDriver().declare(
      aModel('a', { maxCopies, idleUnload: null, class: 'default', gpuBytes: 4 }),
    );
    for (const server of ['t', 'u', 'v']) this.driver.serve(aServer(server), ['a']);
    this.driver.warm('a', 't');
  }

  lasts(millis: number, { routes, served, queue = 0 }: Second): this {
    const { driver } = this;
    const shelf = driver.shelf('t');
    for (let passed = 0; passed < millis; passed += 1_000) {
      this.served += served;
      shelf.pending.set(A, queue);
      shelf.served.set(A, { succeeded: this.served, failed: 0, lastInference: this.served });
      const use = { replica: 'a@t' as never, at: driver.now, inUseUntil: driver.now + 1_000, routes };
      driver.tell({ kind: 'RoutesUsed', uses: [use] });
      driver.pass(1_000);
    }
    return this;
  }

  /** One copy stands at 10 requests a second, a second one comes, and all is calm. */
  twoCopies(): this {
    this.lasts(12_000, { routes: 10, served: 10, queue: 20 });
    this.driver.loadEnds('a', 'u');
    return this.lasts(12_000, { routes: 10, served: 10 });
  }

  get orders(): readonly string[] {
    return this.driver.orders();
  }
}

describe('by the routes that callers get', () => {
  it('there is one copy more where they are more than the busy copies ever served, and nothing stands in Triton', () => {
    const story = new Story().twoCopies();
    expect(story.orders).toEqual(TWO);
    story.lasts(20_000, { routes: 30, served: 18 });
    expect(story.orders).toEqual(THREE);
  });

  it('there is none where they are as many as the copies can serve', () => {
    const story = new Story().twoCopies().lasts(MINUTE, { routes: 20, served: 20 });
    expect(story.orders).toEqual(TWO);
  });

  it('there is none where they are not used', () => {
    const story = new Story().twoCopies().lasts(MINUTE, { routes: 300, served: 13 });
    expect(story.orders).toEqual(TWO);
  });

  it('there is none as long as no copy was seen at its limit', () => {
    expect(new Story().lasts(MINUTE, { routes: 300, served: 10 }).orders).toEqual(ONE);
  });

  it('there is none for a burst that is over after a few seconds', () => {
    const story = new Story().twoCopies();
    for (let times = 0; times < 5; times += 1) {
      story.lasts(5_000, { routes: 30, served: 18 }).lasts(15_000, { routes: 10, served: 10 });
    }
    expect(story.orders).toEqual(TWO);
  });

  it('there are no more than there may be', () => {
    const story = new Story(2).twoCopies().lasts(MINUTE, { routes: 90, served: 20 });
    expect(story.orders).toEqual(TWO);
  });

  it('what a copy serves at its limit is not taken to be less, since it was not at it', () => {
    const story = new Story().twoCopies().lasts(20_000, { routes: 30, served: 16 });
    expect(story.driver.fleet.utilisations.get(A)).toMatchObject({ copies: 3, carries: 10 });
  });

  it('a copy goes though routes are given that are not used', () => {
    const story = new Story().twoCopies().lasts(7 * MINUTE, { routes: 300, served: 2 });
    expect(story.orders.length).toBe(3);
    expect(story.orders[2]).toMatch(/^unload a@/);
  });

  it('those that waiting callers get count too', () => {
    const { driver } = new Story().twoCopies();
    driver.pass(6_000);
    const before = driver.fleet.utilisations.get(A)!.routes.count;
    driver.resolve('a');
    driver.resolve('a');
    expect(driver.fleet.utilisations.get(A)!.routes.count).toBe(before + 2);
  });

  it('none are counted of a model that may have one copy', () => {
    expect(new Story(1).lasts(MINUTE, { routes: 300, served: 10 }).driver.fleet.utilisations.size).toBe(0);
  });
});
