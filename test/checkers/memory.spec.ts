import { describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Event, ModelId, ReplicaId } from '#core';
import { aModel, aRequest, aServer } from '../support/builders.js';
import { S, Story } from './story.js';

const A = 'a' as ModelId;
const A_THERE = 'a@s' as ReplicaId;

const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';

/** `a` fills a device, is in use and asked for 15 times a minute. Loads of both models take 10 s. */
function inUse(): Story {
  const story = new Story();
  const { limits, defaults } = story.fleet;
  story.turn([
    { kind: 'LimitsSet', limits: { ...limits, starvation: 600_000 }, defaults },
    { kind: 'ServerDeclared', server: aServer('s', [10]) },
    ...[A, 'b'].map((id): Event => ({ kind: 'ModelDeclared', model: aModel(id, { gpuBytes: 8 }) })),
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.look({ a: '', b: '' });
  story.loaded(story.ask('a').find(isLoad)!);
  const anywhere = { mean: Math.log(10_000), deviation: 0, count: 8 };
  story.turn(
    [A, 'b' as ModelId].map((model): Event => ({ kind: 'LoadTimesRemembered', model, anywhere, on: [] })),
  );
  story.time(15_000);
  story.ask('a');
  story.fleet.requestRates.set(A, { sum: 15, at: story.now });
  return story;
}

/** `a` is told to leave for `b` after so long. */
const drained = (story: Story, after: number): void => {
  story.time(after, (fleet, actions) => {
    const left = { phase: 'draining', since: story.now, cause: 'evicted', makesRoomFor: 'b' };
    fleet.replicas.set(A_THERE, { ...fleet.replicas.get(A_THERE), ...left } as never);
    fleet.unsettled.add(A_THERE);
    return actions;
  });
};

const tooEarly = ({ found }: Story): readonly string[] => found.filter((one) => one.includes('worth less'));

describe('the promises', () => {
  it.each([
    // `a` is worth 4.9 then, and `b` 2.3 after nine requests, 2.7 after ten: a copy is worth up to twice what it leaves for.
    [1, 1],
    [9, 1],
    [10, 0],
    [11, 0],
  ])(
    'find that a copy in use left after 5 s for %d requests, where it is worth more than twice as much',
    (requests, complaints) => {
      const story = inUse();
      for (let one = 0; one < requests; one += 1) story.ask('b');
      drained(story, 5_000);
      expect(tooEarly(story)).toHaveLength(complaints);
    },
  );

  it.each([
    [true, 5_000, 0],
    [true, 5_002, 1],
    [false, 5_000, 1],
  ])(
    'find that a copy in use left for what is worth less, unless that has waited with a promise until it starves: promised %p, %d ms',
    (isPromised, starvation, complaints) => {
      const story = inUse();
      story.fleet.limits = { ...story.fleet.limits, starvation };
      const request = aRequest('late', 'b', story.now);
      story.turn([{ kind: 'RequestArrived', request }], (fleet, actions) => {
        expect(fleet.promises.get(request.id)).toBeGreaterThan(story.now);
        if (!isPromised) fleet.promises.set(request.id, null);
        return actions;
      });
      // It had a place meanwhile, and is wanted anew.
      story.time(1, (fleet, actions) => {
        fleet.wantedSince.set('b' as ModelId, story.now);
        return actions;
      });
      drained(story, 4_999);
      expect(tooEarly(story)).toHaveLength(complaints);
    },
  );
});
