import { describe, expect, it } from '@jest/globals';
import { aRunningEngine, query, settle } from '../../../test/support/running-engine.js';

/** An engine whose last turn took so many ms, and so would the next. */
async function afterATurnOf(ms: number) {
  const running = await aRunningEngine();
  running.clock.turnsTake = ms;
  running.engine.tell();
  await settle();
  return running;
}

describe('an engine', () => {
  it('takes no turn after a long one for three times as long as that took, and then one for all that was told meanwhile', async () => {
    const { engine, clock, turns } = await afterATurnOf(12);
    const before = turns.length;
    const told = clock.time;
    void engine.admit(query(), 60_000);
    clock.time += 35;
    void engine.admit(query(), 60_000);
    await settle();
    expect(turns.length).toBe(before);
    clock.ring();
    expect(turns.length).toBe(before + 1);
    expect(turns[before]).toMatchObject({
      now: told + 36,
      events: [{ kind: 'RequestArrived' }, { kind: 'RequestArrived' }],
    });
  });

  it('ends a rest for a request whose time would be up by then', async () => {
    const { engine, clock, turns } = await afterATurnOf(12);
    const before = turns.length;
    const { answer } = engine.admit(query({ wait: 5 }), 60_000);
    await settle();
    expect(turns.length).toBe(before + 1);
    clock.turnsTake = 0;
    clock.time += 100;
    clock.ring();
    expect(await answer).toMatchObject({ refusal: { reason: 'loading' } });
  });

  it('ends a rest for an order of an admin, and goes on to look at once', async () => {
    const { engine, turns } = await afterATurnOf(12);
    const before = turns.length;
    void engine.admit(query(), 60_000);
    engine.tell({ kind: 'FreezeOrdered', reason: 'audit', since: 0 });
    await settle();
    expect(turns.slice(before)).toMatchObject([
      { events: [{ kind: 'RequestArrived' }, { kind: 'FreezeOrdered' }] },
    ]);
    expect(engine.fleet.frozen).toMatchObject({ reason: 'audit' });
  });

  it('rests for no longer than the first deadline of a request', async () => {
    const { engine, clock, turns } = await aRunningEngine();
    void engine.admit(query({ wait: 17 }), 60_000);
    clock.turnsTake = 12;
    await settle();
    clock.ring();
    expect(turns.at(-1)!.now).toBe(1_017);
  });

  it('rests for no more than 60 ms, and not at all after a turn of less than 2 ms', async () => {
    const { engine, clock, turns } = await afterATurnOf(300);
    const ended = clock.time;
    clock.turnsTake = 1;
    engine.report();
    clock.ring();
    expect(turns.at(-1)!.now).toBe(ended + 60);
    const before = turns.length;
    engine.tell();
    await settle();
    expect(turns.length).toBe(before + 1);
  });
});
