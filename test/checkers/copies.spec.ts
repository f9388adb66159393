import { describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Event, Fleet, Model, ModelId, ReplicaId } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { HERE, S, Story } from './story.js';

const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';

/** `here` is warm on a server with room for others. */
function warm(here: Partial<Model>, ...others: Model[]): Story {
  const story = new Story();
  const models = [aModel('here', here), ...others];
  story.turn([
    { kind: 'ServerDeclared', server: aServer('s', [20]) },
    ...models.map((model): Event => ({ kind: 'ModelDeclared', model })),
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  const loads = story.look(Object.fromEntries(models.map(({ id }) => [id, '' as const])));
  const due = [...loads, ...story.ask('here')].filter(isLoad);
  // A load may have to wait for the one before.
  for (const load of due) due.push(...story.loaded(load).filter(isLoad));
  return story;
}

/** It is made to leave, though the core did not decide so. */
function leaves(fleet: Fleet, cause: 'idle' | 'evicted', makesRoomFor: string | null, at: number): void {
  const left = { phase: 'draining', since: at, cause, makesRoomFor };
  fleet.replicas.set(HERE, { ...fleet.replicas.get(HERE), ...left } as never);
  fleet.unsettled.add(HERE);
}

describe('the promises', () => {
  it('find what is kept warm and was retired', () => {
    const story = warm({ minCopies: 1, idleUnload: 1_000 });
    story.time(20_000, (fleet, actions) => {
      leaves(fleet, 'idle', null, story.now);
      return actions;
    });
    expect(story.found).toContainEqual(
      expect.stringMatching(/here@s is kept warm and was retired \(invariant 7/),
    );
  });

  it('find what is kept warm and was evicted, unless for a pin or a higher class', () => {
    const evictedFor = (many: Partial<Model>): readonly string[] => {
      const story = warm({}, aModel('many', many));
      story.turn([{ kind: 'ModelDeclared', model: aModel('here', { minCopies: 1 }) }]);
      story.time(60_000, (fleet, actions) => {
        leaves(fleet, 'evicted', 'many', story.now);
        return actions;
      });
      return story.found.filter((one) => /is kept warm and was evicted for many \(invariant 7/.test(one));
    };
    expect(evictedFor({})).toHaveLength(1);
    expect(evictedFor({ class: 'critical' })).toEqual([]);
    expect(evictedFor({ pinnedCopies: 1 })).toEqual([]);
  });

  it('let a copy be evicted that is kept warm and only fails, where such copies are to be replaced', () => {
    const evicted = (onFailing: Model['onFailing']): readonly string[] => {
      const story = warm({ minCopies: 1, onFailing }, aModel('many'));
      story.look({ here: 'READY', many: '' });
      const evict = (fleet: Fleet, actions: readonly Action[]): readonly Action[] => {
        leaves(fleet, 'evicted', 'many', story.now);
        return actions;
      };
      story.look({ here: 'READY', many: '' }, evict, 3);
      return story.found.filter((one) => /is kept warm and was evicted/.test(one));
    };
    expect(evicted('flag')).toHaveLength(1);
    expect(evicted('replace')).toEqual([]);
  });

  it('find what is in use and was evicted for one copy more of another', () => {
    const story = warm({ class: 'sheddable' }, aModel('many', { maxCopies: 2, minCopies: 1 }));
    story.time(5_000, (fleet, actions) => {
      leaves(fleet, 'evicted', 'many', story.now);
      return actions;
    });
    const found = story.found.filter((one) => /one copy more of many/.test(one));
    expect(found).toEqual([
      expect.stringMatching(/^here@s was evicted in use for one copy more of many \(invariant 8/),
    ]);
  });

  it('find one of several copies that was let go too soon, and the only one', () => {
    const story = warm({ maxCopies: 2, idleUnload: null });
    story.time(60_000, (fleet, actions) => {
      leaves(fleet, 'idle', null, story.now);
      return actions;
    });
    expect(story.found).toContainEqual(
      expect.stringMatching(/here@s was let go \d+ ms after another copy came up \(invariant 9/),
    );
    expect(story.found).toContainEqual(expect.stringMatching(/let go, and 0 are left of 1 \(invariant 9/));
  });

  it('find the last copy of a model that was evicted for one copy more of another', () => {
    const story = warm({}, aModel('many', { maxCopies: 2, minCopies: 1 }));
    story.time(60_000, (fleet, actions) => {
      leaves(fleet, 'evicted', 'many', story.now);
      return actions;
    });
    expect(story.found).toContainEqual(
      expect.stringMatching(
        /here@s, the last of its model, was evicted for one copy more of many \(invariant 8/,
      ),
    );
  });

  it('find a copy that was placed beyond copies.max', () => {
    const story = warm({ maxCopies: 1 });
    story.time(1_000, (fleet, actions) => {
      placeElsewhere(fleet, HERE_ID);
      return actions;
    });
    expect(story.found).toContainEqual(beyondMax);
  });

  it('find one beyond copies.max of what is needed there, where nothing came that needs it', () => {
    const story = warm({ maxCopies: 1 }, aModel('whole', { dependsOn: [HERE_ID] }));
    story.time(1_000, (fleet, actions) => {
      placeElsewhere(fleet, HERE_ID);
      return actions;
    });
    expect(story.found).toContainEqual(beyondMax);
  });

  it('let what is needed come along beyond copies.max, also for what needs it by another', () => {
    const middle = aModel('middle', { dependsOn: [HERE_ID] });
    const story = warm({ maxCopies: 1 }, middle, aModel('whole', { dependsOn: [middle.id] }));
    story.time(1_000, (fleet, actions) => {
      for (const id of [HERE_ID, 'middle', 'whole']) placeElsewhere(fleet, id as ModelId);
      return actions;
    });
    expect(story.found).not.toContainEqual(beyondMax);
  });
});

const HERE_ID = aModel('here').id;
const beyondMax: unknown = expect.stringMatching(
  /here@t was placed beside 1 copies of at most 1 \(invariant 9/,
);

/** A copy is promised a place on a server that was never heard of. */
function placeElsewhere(fleet: Fleet, model: ModelId): void {
  const id = `${model}@t` as ReplicaId;
  fleet.servers.set(aServer('t').id, fleet.servers.get(S)!);
  const placed = { id, model, server: 't', phase: 'placed', coLoadedBy: null };
  fleet.replicas.set(id, { ...fleet.replicas.get(HERE)!, ...placed } as never);
}
