import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, ModelId, WatcherId } from '#core';
import { aServer } from '../support/builders.js';
import { HERE, S, Story, unload } from './story.js';

const loadIn = (actions: readonly Action[]): ActionOf<'load'> =>
  actions.find((action): action is ActionOf<'load'> => action.kind === 'load')!;

describe('the promises to watchers of routes, and of a new term', () => {
  const B = 'peer-b' as WatcherId;
  let story: Story;

  beforeEach(() => {
    story = Story.beforeLoading();
    story.loaded(loadIn(story.ask('here')));
    story.look({ here: 'READY' });
    story.turn([{ kind: 'WatcherSeen', watcher: B, patience: 40_000, heardAt: story.now }]);
  });

  const withdraw = () => story.turn([{ kind: 'UnloadOrdered', model: 'here' as ModelId, force: true }]);
  const acknowledge = () =>
    story.turn([{ kind: 'WatcherAcknowledged', watcher: B, revision: story.fleet.routesRevision }]);

  it('find nothing where an unload waits for an acknowledgement', () => {
    acknowledge();
    withdraw();
    const [order] = acknowledge();
    expect([order?.kind, story.found]).toEqual(['unload', []]);
  });

  it('find an unload that no acknowledgement came before', () => {
    acknowledge();
    withdraw();
    story.time(1_000, (_, actions) => [...actions, unload('o9')]);
    expect(story.found.join('\n')).toMatch(/peer-b may route to it \(invariant 7 and 14, watchers\)/);
  });

  it('find a route that has changed, and that nothing tells of', () => {
    story.turn([{ kind: 'FreezeOrdered', reason: 'audit', since: 0 }], (fleet, actions) => {
      const replica = fleet.replicas.get(HERE)!;
      fleet.replicas.set(HERE, { ...replica, versions: ['7'] } as never);
      fleet.routesRevision += 1;
      return actions;
    });
    expect(story.found.join('\n')).toMatch(/the route to here@s is another one, and no revision tells of it/);
  });

  it('find an order before the second look of a term', () => {
    const taken = new Story();
    taken.turn([
      { kind: 'TermBegun', looks: 2 },
      { kind: 'ServerDeclared', server: aServer('s', [10]) },
      { kind: 'ContactChanged', server: S, fact: 'connected' },
    ]);
    taken.look({ here: 'READY' }, (_, actions) => [...actions, unload('o9')]);
    expect(taken.found.join('\n')).toMatch(/before the second look of the term \(invariant 11, terms\)/);
  });
});
