import { describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Class, Event, Fleet, ModelId, Replica, ReplicaId } from '#core';
import { aModel, aRequest, aServer } from '../support/builders.js';
import { S, Story } from './story.js';

const FLOOD = ['b', 'c', 'd', 'e', 'f'];
const MODELS = ['first', ...FLOOD, 'quiet'];

const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';

const EIGHT = { mean: Math.log(8_000), deviation: 0, count: 8 };

/** A server with room for all and one load slot, which the load of `first` has; loads take 8 s. */
function busy(): { story: Story; load: ActionOf<'load'> } {
  const story = new Story();
  const { limits, defaults } = story.fleet;
  story.turn([
    { kind: 'LimitsSet', limits: { ...limits, loadsPerServer: 1, starvation: 600_000 }, defaults },
    { kind: 'ServerDeclared', server: aServer('s', [99]) },
    ...MODELS.map((id): Event => ({ kind: 'ModelDeclared', model: aModel(id) })),
    ...MODELS.map((id): Event => ({
      kind: 'LoadTimesRemembered',
      model: id as ModelId,
      anywhere: EIGHT,
      on: [],
    })),
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.look(Object.fromEntries(MODELS.map((id) => [id, ''] as const)));
  return { story, load: ask(story, 'first').find(isLoad)! };
}

function ask(story: Story, model: string, asked: Class = 'default'): readonly Action[] {
  story.now += 1;
  const request = aRequest(`${model} ${story.now}`, model, story.now, { wait: 600_000, class: asked });
  return story.turn([{ kind: 'RequestArrived', request }]);
}

/** What is loaded in place of another one, as if the core had chosen it. */
const instead =
  (model: string) =>
  (fleet: Fleet, actions: readonly Action[]): readonly Action[] =>
    actions.map((action) => {
      if (!isLoad(action) || action.model === model) return action;
      const chosen = fleet.replicas.get(action.replica) as Extract<Replica, { phase: 'loading' }>;
      const other = fleet.replicas.get(`${model}@s` as ReplicaId)!;
      const { order, orderedAt, ...rest } = chosen;
      fleet.replicas.set(chosen.id, { ...rest, phase: 'placed' });
      fleet.replicas.set(other.id, { ...other, phase: 'loading', order, orderedAt } as never);
      return { ...action, model: other.model, replica: other.id };
    });

/** Gives places to models that only wait for the slot, as if the core had done so. */
const placed = (story: Story, models: readonly string[]): unknown =>
  story.time(1, (fleet, actions) => {
    for (const model of models) {
      const [first] = fleet.replicas.values();
      const { order: _, orderedAt: __, ...rest } = first as Extract<Replica, { phase: 'loading' }>;
      const id = `${model}@s` as ReplicaId;
      fleet.replicas.set(id, { ...rest, id, model: model as ModelId, phase: 'placed', since: story.now });
      fleet.unsettled.add(id);
      fleet.holders.set(model as ModelId, new Set([id]));
      fleet.residents.get(S)!.add(id);
    }
    return actions;
  });

const wrongs = ({ found }: Story): readonly string[] =>
  found.filter((one) => /invariant 6/.test(one)).map((one) => one.replace(/ \(.*/, ''));

describe('the promises', () => {
  it('find a load that begins before one of a higher class', () => {
    const { story, load } = busy();
    ask(story, 'b');
    ask(story, 'c', 'critical');
    placed(story, ['b', 'c']);
    story.loaded(load, instead('b'));
    expect(wrongs(story)).toEqual(['load b@s before c@s of a higher class']);
  });

  /** The same, and one of them, which has had its place for longest, books nearly all of the memory. */
  const besideLarge =
    (large: string) =>
    (fleet: Fleet, actions: readonly Action[]): readonly Action[] => {
      const forged = instead('b')(fleet, actions);
      const there = fleet.replicas.get(`${large}@s` as ReplicaId)!;
      const bookings = there.bookings.map((one) => ({ ...one, bytes: 98 }));
      fleet.replicas.set(there.id, { ...there, bookings, since: 0 });
      return forged;
    };

  it('find nothing where that one could not have begun', () => {
    const { story, load } = busy();
    ask(story, 'b');
    ask(story, 'c', 'critical');
    placed(story, ['b', 'c']);
    story.loaded(load, besideLarge('c'));
    expect(wrongs(story)).toEqual([]);
  });

  it.each<readonly [Class, string, number]>([
    ['critical', 'nothing', 0],
    ['default', 'it', 1],
  ])('find, where what got its place before it for a %s request waits for memory, %s', (asked, _, wrong) => {
    const { story, load } = busy();
    ask(story, 'b');
    ask(story, 'd', asked);
    ask(story, 'c', 'critical');
    placed(story, ['d']);
    placed(story, ['b', 'c']);
    story.loaded(load, besideLarge('d'));
    expect(wrongs(story)).toHaveLength(wrong);
  });
});
