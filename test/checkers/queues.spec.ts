import { describe, expect, it } from '@jest/globals';
import {
  beginWaiting,
  endWaiting,
  type Action,
  type ActionOf,
  type Fleet,
  type PressureLevel,
  type Request,
  type RequestId,
  type TenantId,
} from '#core';
import { aModel, aRequest, aServer } from '../support/builders.js';
import { HERE, S, Story } from './story.js';

const asked = (id: string, parts: Partial<Request> = {}): Request => ({
  ...aRequest(id, 'here', 0),
  ...parts,
});

const of = (tenant: string, parts: Partial<Request> = {}): Partial<Request> => ({
  tenant: tenant as TenantId,
  ...parts,
});

type Forge = (fleet: Fleet, actions: readonly Action[]) => readonly Action[];

/** Forges the turn in which all these come to a queue of so many, and tells what is found of it. */
function found(
  maxQueue: number,
  requests: readonly Request[],
  forge: Forge,
  level: PressureLevel = 'none',
): readonly string[] {
  const story = new Story();
  const coldStart = { policy: 'queue', maxQueue, maxWait: 60_000, loadWhenShed: true } as const;
  story.turn([
    { kind: 'ServerDeclared', server: aServer('s', [10]) },
    { kind: 'ModelDeclared', model: aModel('here', { coldStart }) },
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.look({ here: '' });
  story.turn([{ kind: 'PressureChanged', level }]);
  story.turn(
    requests.map((request) => ({ kind: 'RequestArrived', request })),
    forge,
  );
  return foundOfQueues(story);
}

const foundOfQueues = (story: Story): readonly string[] =>
  story.found.filter((one) => /invariant 15,/.test(one)).map((one) => one.replace(/ \(invariant.*/, ''));

const asIs: Forge = (_, actions) => actions;

/** Turns away these in place of those that the core has turned away. */
const instead =
  (
    requests: readonly Request[],
    ...away: readonly [id: string, reason: 'queue_full' | 'over_share'][]
  ): Forge =>
  (fleet, actions) => {
    for (const request of requests) if (!fleet.waiting.has(request.id)) beginWaiting(fleet, request);
    for (const [id] of away) endWaiting(fleet, id as RequestId);
    const refusals = away.map(([id, reason]) => turnedAway(id as RequestId, reason));
    return [...actions.filter(({ kind }) => kind !== 'refuse'), ...refusals];
  };

const turnedAway = (request: RequestId, reason: 'queue_full' | 'over_share' = 'queue_full'): Action => {
  return { kind: 'refuse', request, refusal: { reason, retryAfter: 1_000 } };
};

describe('the promise that queues stay bounded', () => {
  it('finds one that is too long', () => {
    const two = [asked('a'), asked('b')];
    expect(found(2, two, asIs)).toEqual([]);
    expect(found(1, two, asIs)).toEqual([]);
    expect(found(1, two, instead(two))).toEqual(['2 wait for here, 1 may']);
  });

  it('finds one that is too long for the pressure there is', () => {
    const two = [asked('a'), asked('b')];
    expect(found(2, two, asIs, 'high')).toEqual([]);
    expect(found(2, two, instead(two), 'high')).toEqual(['2 wait for here, 1 may']);
    expect(found(2, two, instead(two, ['b', 'queue_full']))).toHaveLength(1);
  });
});

describe('the promise that full queues are fair', () => {
  it('finds a request turned away while there is room', () => {
    const two = [asked('a'), asked('b')];
    expect(found(2, two, instead(two, ['b', 'queue_full']))).toEqual([
      'b was told queue_full, but for here there is room; for all there is room',
    ]);
  });

  it('finds a request turned away while a lower class stays', () => {
    const two = [asked('a', { class: 'sheddable' }), asked('b')];
    expect(found(1, two, asIs)).toEqual([]);
    expect(found(1, two, instead(two, ['b', 'queue_full']))).toEqual([
      expect.stringContaining('a of a lower class waits for here'),
    ]);
  });

  it('finds a request turned away while a later one stays', () => {
    const two = [asked('a', { arrivedAt: 1 }), asked('b', { arrivedAt: 2 })];
    expect(found(1, two, asIs)).toEqual([]);
    expect(found(1, two, instead(two, ['a', 'queue_full']))).toEqual([
      expect.stringContaining('b came later and waits for here'),
    ]);
  });

  const flood = [1, 2, 3, 4, 5, 6].map((nth) => asked(`x${nth}`, of('x')));
  const crowd = [...flood, asked('y', of('y'))];

  it('finds a request turned away within its share while another tenant is over its own', () => {
    expect(found(6, crowd, asIs)).toEqual([]);
    expect(found(6, crowd, instead(crowd, ['y', 'queue_full']))).toEqual([
      expect.stringContaining('for here x is further over its share'),
    ]);
  });

  it('finds the wrong word for it', () => {
    expect(found(6, crowd, instead(crowd, ['x6', 'queue_full']))).toEqual([
      expect.stringContaining('for here its tenant was over its share'),
    ]);
    const few = [asked('x', of('x')), asked('y', of('y'))];
    expect(found(1, few, instead(few, ['y', 'over_share']))).toEqual([
      expect.stringContaining('for here its tenant was within its share'),
    ]);
    expect(found(5, flood, instead(flood, ['x6', 'over_share']))).toHaveLength(1);
  });
});

it('a request may be turned away for one that goes to the copy which was leaving for it', () => {
  const story = new Story();
  const { limits, defaults } = story.fleet;
  story.turn([
    { kind: 'LimitsSet', limits: { ...limits, globalQueue: 1 }, defaults },
    { kind: 'ServerDeclared', server: aServer('s', [10]) },
    { kind: 'ModelDeclared', model: aModel('here', { gpuBytes: 6, class: 'sheddable' }) },
    { kind: 'ModelDeclared', model: aModel('there', { gpuBytes: 6 }) },
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.look({ here: '', there: '' });
  story.loaded(story.ask('here').find((action): action is ActionOf<'load'> => action.kind === 'load')!);
  story.look({ here: 'READY', there: '' });
  story.ask('there');
  story.look({ here: 'READY', there: '' });
  expect(story.fleet.replicas.get(HERE)?.phase).toBe('draining');
  const request: Request = { ...aRequest('new', 'here', story.now), class: 'critical' };
  const actions = story.turn([{ kind: 'RequestArrived', request }]);
  expect(actions.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['grant', 'refuse']));
  expect(foundOfQueues(story)).toEqual([]);
});
