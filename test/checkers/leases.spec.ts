import { beforeEach, describe, expect, it } from '@jest/globals';
import { aModel, aServer } from '../support/builders.js';
import { HERE, S, Story } from './story.js';

describe('a lease of an earlier life', () => {
  const here = aModel('here');
  const unload = { kind: 'unload', replica: HERE, model: here.id, server: S, order: 'o1', cause: 'idle' };

  /** What is found where a copy is let go that was loaded at the first look, or only later. */
  function foundOf(shown: 'READY' | ''): string {
    const story = new Story();
    story.turn([
      { kind: 'ServerDeclared', server: aServer('s', [10]) },
      { kind: 'ModelDeclared', model: here },
      { kind: 'LeasesRemembered', server: S, leases: [{ model: here.id, until: 300_000 }] },
      { kind: 'ContactChanged', server: S, fact: 'connected' },
    ]);
    story.look({ here: shown });
    story.look({ here: 'READY' });
    story.turn([], () => [unload as never]);
    return story.found.join();
  }

  it('is broken where the copy that is found is let go', () => {
    expect(foundOf('READY')).toMatch(/unload here@s \(idle\) under a lease until 300000.0/);
  });

  it('is over where the first look shows no copy, whatever comes later', () => {
    expect(foundOf('')).not.toMatch(/under a lease/);
  });
});

describe('the promises of leases', () => {
  let story: Story;

  beforeEach(() => {
    story = Story.beforeLoading();
    const load = story.ask('here').find((action) => action.kind === 'load');
    story.loaded(load!);
    story.look({ here: 'READY' });
  });

  const use = (inUseUntil: number) =>
    ({ kind: 'RoutesUsed', uses: [{ replica: HERE, at: story.now, inUseUntil, routes: 1 }] }) as const;

  const drainWithin = (within: number) =>
    ({ kind: 'DrainOrdered', server: S, deadline: story.now + within }) as const;

  it('are kept where a drain with a deadline cuts a lease', () => {
    story.turn([use(200_000), drainWithin(1_000)]);
    story.time(1_000);
    const actions = story.time(10_000);
    expect(actions[0]).toMatchObject({ kind: 'unload', cause: 'drain' });
    expect(story.found).toEqual([]);
  });

  it('are broken by a lease that goes beyond such a drain', () => {
    story.turn([drainWithin(20_000)]);
    story.turn([use(story.now + 30_001)]);
    expect(story.found[0]).toMatch(/a lease on here@s goes beyond its drain \(invariant 7/);
  });

  it('are kept where a drain lets go of no stranger, also where its server is withdrawn next', () => {
    const server = { ...aServer('s', [10]), strangers: 'keep' } as const;
    story.turn([{ kind: 'ServerDeclared', server }], (fleet, actions) => {
      fleet.replicas.set(HERE, { ...fleet.replicas.get(HERE)!, stranger: true });
      return actions;
    });
    story.turn([drainWithin(1_000)]);
    story.turn([use(story.now + 30_001), { kind: 'ServerWithdrawn', server: S }]);
    expect(story.found).toEqual([]);
  });

  it('are broken by a lease that is shorter than was asked for', () => {
    story.ask('here', (_, actions) =>
      actions.map((action) => (action.kind === 'grant' ? { ...action, lease: 9_000 } : action)),
    );
    expect(story.found[0]).toMatch(/a lease of 9000 ms on here@s, asked for 10000/);
  });

  it('are kept where a copy comes up long after the deadline of a drain, and is let go next', () => {
    story.turn([use(200_000), drainWithin(1_000)]);
    story.time(1_000);
    story.time(100_000, (fleet) => {
      const { order: _, ...rest } = fleet.replicas.get(HERE) as never as Record<string, unknown>;
      fleet.replicas.set(HERE, {
        ...rest,
        phase: 'draining',
        since: story.now,
        inUseUntil: 200_000,
      } as never);
      return [];
    });
    expect(story.found).toEqual([]);
  });

  it('are broken by a copy that is kept for its lease long after the deadline of a drain', () => {
    story.turn([use(200_000), drainWithin(1_000)]);
    story.time(1_000);
    story.time(10_000, (fleet) => {
      const { order: _, ...rest } = fleet.replicas.get(HERE) as never as Record<string, unknown>;
      fleet.replicas.set(HERE, { ...rest, phase: 'draining', since: 0, inUseUntil: 200_000 } as never);
      return [];
    });
    expect(story.found.join()).toMatch(
      /here@s is there long after the deadline of its server's drain \(invariant 19/,
    );
  });
});
