import { describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Event, Fleet, ModelId, ReplicaId } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { S, Story } from './story.js';

const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';

/** `a` and `b` are warm on one device, which may have one eviction a minute; `c` and `d` are nowhere. */
function warm(): Story {
  const story = new Story();
  const { limits, defaults } = story.fleet;
  const models = ['a', 'b', 'c', 'd'].map((id) => aModel(id, { gpuBytes: 4 }));
  story.turn([
    { kind: 'LimitsSet', limits: { ...limits, loadsPerDevicePerMinute: 1, starvation: 30_000 }, defaults },
    { kind: 'ServerDeclared', server: aServer('s', [10]) },
    ...models.map((model): Event => ({ kind: 'ModelDeclared', model })),
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.look({ a: '', b: '', c: '', d: '' });
  for (const model of ['a', 'b']) story.loaded(story.ask(model).find(isLoad)!);
  story.time(20_000);
  return story;
}

/** After so long a time models are made to leave for others, which get their places. */
const evictions = (story: Story, after: number, ...pairs: (readonly [string, string])[]): void => {
  story.time(after, (fleet, actions) => {
    for (const [victim, newcomer] of pairs) evict(fleet, victim, newcomer, story.now);
    return actions;
  });
};

const eviction = (story: Story, after: number, victim: string, newcomer: string): void =>
  evictions(story, after, [victim, newcomer]);

function evict(fleet: Fleet, victim: string, newcomer: string, since: number): void {
  const there = fleet.replicas.get(`${victim}@s` as ReplicaId)!;
  leaves(fleet, there.id, newcomer, since);
  const place = { id: `${newcomer}@s`, model: newcomer, phase: 'placed', since, coLoadedBy: null };
  fleet.replicas.set(place.id as ReplicaId, { ...there, ...place } as never);
}

function leaves({ replicas, unsettled }: Fleet, id: ReplicaId, makesRoomFor: string, at: number): void {
  const left = { phase: 'draining', since: at, cause: 'evicted', makesRoomFor };
  replicas.set(id, { ...replicas.get(id), ...left } as never);
  unsettled.add(id);
}

const tooMany = ({ found }: Story): readonly string[] =>
  found.filter((one) => /within a minute/.test(one)).map((one) => one.replace(/ \(.*/, ''));

describe('the promises', () => {
  it('find that others left a device for more loads in a minute than may be', () => {
    const story = warm();
    eviction(story, 1_000, 'a', 'c');
    expect(tooMany(story)).toEqual([]);
    eviction(story, 30_000, 'b', 'd');
    expect(tooMany(story)).toEqual(['others left gpu:s/0 for d, the 2th within a minute']);
  });

  it('let others leave again when the minute is over', () => {
    const story = warm();
    eviction(story, 1_000, 'a', 'c');
    eviction(story, 60_000, 'b', 'd');
    expect(tooMany(story)).toEqual([]);
  });

  it('let others leave for a pin, and for a starving request', () => {
    const pinned = warm();
    eviction(pinned, 1_000, 'a', 'c');
    pinned.fleet.models.set('d' as ModelId, { ...pinned.fleet.models.get('d' as ModelId)!, pinnedCopies: 1 });
    eviction(pinned, 30_000, 'b', 'd');
    expect(tooMany(pinned)).toEqual([]);
    for (const [waited, complaints] of [
      [29_000, 1],
      [30_000, 0],
    ] as const) {
      const story = warm();
      eviction(story, 1_000, 'a', 'c');
      story.time(1, (fleet, actions) => {
        fleet.wantedSince.set('d' as ModelId, story.now + 1 - waited);
        return actions;
      });
      eviction(story, 1, 'b', 'd');
      expect(tooMany(story)).toHaveLength(complaints);
    }
  });

  it('count what is exempt last of those of one turn', () => {
    const story = warm();
    story.fleet.models.set('c' as ModelId, { ...story.fleet.models.get('c' as ModelId)!, pinnedCopies: 1 });
    evictions(story, 1_000, ['a', 'c'], ['b', 'd']);
    expect(tooMany(story)).toEqual([]);
  });

  it('do not ask whether a copy that comes already had room when others leave for one more', () => {
    const story = warm();
    eviction(story, 1_000, 'a', 'c');
    story.time(1_000, ({ replicas, unsettled, holders, residents }, actions) => {
      const a = 'a@s' as ReplicaId;
      for (const ids of [replicas, unsettled, holders.get('a' as ModelId)!, residents.get(S)!]) ids.delete(a);
      replicas.set('c@s' as ReplicaId, { ...replicas.get('c@s' as ReplicaId)!, phase: 'loading' } as never);
      return actions;
    });
    const found = story.found.length;
    story.time(60_000, (fleet, actions) => {
      leaves(fleet, 'b@s' as ReplicaId, 'c', story.now);
      return actions;
    });
    expect(story.found.slice(found).filter((one) => /which had room/.test(one))).toEqual([]);
  });
});
