import { describe, expect, it } from '@jest/globals';
import { type ActionOf, type Model, type PromiseCause, replicaId, type RequestId } from '#core';
import { aModel, aRequest, aServer } from '../support/builders.js';
import { forget, HERE, S, Story } from './story.js';

const OTHER = aServer('other');

/** A request for a model that is being loaded on the one server that has it was promised a route; another server is there, too. */
class Promised {
  readonly story = new Story();
  readonly request: RequestId;
  readonly load: ActionOf<'load'>;

  constructor(beside: 'READY' | '' = '') {
    const { story } = this;
    story.turn([
      { kind: 'ServerDeclared', server: aServer('s', [10]) },
      { kind: 'ServerDeclared', server: OTHER },
      { kind: 'ModelDeclared', model: aModel('here') },
      { kind: 'ModelDeclared', model: aModel('beside') },
      { kind: 'ContactChanged', server: S, fact: 'connected' },
      { kind: 'ContactChanged', server: OTHER.id, fact: 'connected' },
    ]);
    story.look({ here: '', beside });
    story.look({}, undefined, 0, OTHER.id);
    this.load = story.ask('here', (fleet, actions) => {
      fleet.promises.set(`r${story.now}` as RequestId, story.now + 9_000);
      return actions;
    })[0] as ActionOf<'load'>;
    this.request = `r${story.now}` as RequestId;
  }

  /** Refuses it, whatever the core would do, and tells what the checker says of it. */
  broken(told: PromiseCause | 'unknown', reason: 'loading' | 'queue_full' = 'loading'): readonly string[] {
    const refusal = { reason, retryAfter: 1_000 } as const;
    this.story.time(1, () => [{ kind: 'refuse', request: this.request, refusal, broken: told }]);
    return this.story.marks.filter((mark) => mark.startsWith('promise'));
  }
}

const declared = (model: string, parts: Partial<Model> = { gpuBytes: 2 }) =>
  ({ kind: 'ModelDeclared', model: aModel(model, parts) }) as const;
const reload = (model: string) => ({ kind: 'ReloadOrdered', model: aModel(model).id, until: 1e9 }) as const;
const lost = (server: typeof S) => ({ kind: 'ContactChanged', server, fact: 'ended' }) as const;

describe('what becomes of a promise', () => {
  it('is that it was kept', () => {
    const { story, request } = new Promised();
    const route = {
      kind: 'grant',
      request,
      replica: HERE,
      versions: [],
      lease: 1,
      waited: 1,
      cold: true,
    } as const;
    story.time(1, () => [{ ...route, promised: true }]);
    expect(story.marks).toContain('promise kept');
  });

  it.each(['server', 'load_late', 'unknown'] as const)(
    'is unlisted where nothing was seen, and %s is told',
    (told) => {
      expect(new Promised().broken(told)).toEqual(['promise broken: unlisted']);
    },
  );

  it('is the cause that the reason tells', () => {
    expect(new Promised().broken('queue', 'queue_full')).toEqual(['promise broken: queue']);
  });

  it.each<readonly [PromiseCause | 'unlisted', string, (promised: Promised) => void]>([
    ['load_failed', 'its load failed', ({ story, load }) => failed(story, load)],
    ['load_late', 'its load takes longer than its P90', ({ story }) => story.time(61_000, () => [])],
    ['server', 'its server was lost', ({ story }) => story.turn([lost(S)], () => [])],
    ['unlisted', 'another server was lost', ({ story }) => story.turn([lost(OTHER.id)], () => [])],
    ['operator', 'its server drains', ({ story }) => story.turn([drain], () => [])],
    ['operator', 'its model was declared anew', ({ story }) => story.turn([declared('here')], () => [])],
    [
      'unlisted',
      'another model was declared anew',
      ({ story }) => story.turn([declared('beside')], () => []),
    ],
    ['restart', 'a term began', ({ story }) => story.turn([{ kind: 'TermBegun', looks: 2 }], () => [])],
    [
      'operator',
      'a model that is on no server is to be loaded anew, there',
      ({ story }) => story.turn([reload('beside')], () => []),
    ],
    [
      'memory_late',
      'a stranger turned up on its server',
      ({ story }) => story.look({ here: '', beside: 'READY' }),
    ],
    [
      'load_late',
      'a load there had no answer, and has not ended by its P90',
      ({ story, load }) => lateBeside(story, load),
    ],
    ['memory_late', 'an unload on its server had no answer', ({ story, load }) => unanswered(story, load)],
    ['outranked', 'a request of a higher class came for its server', ({ story }) => outranked(story)],
    ['operator', 'another model was pinned, which stands there in the line', ({ story }) => pinned(story)],
  ])('is %s where %s', (cause, _, happens) => {
    const promised = new Promised();
    happens(promised);
    expect(promised.broken('unknown')).toEqual([`promise broken: ${cause}`]);
  });

  it.each([
    ['operator', 'is to be loaded anew', reload('beside')],
    ['operator', 'is to be kept', declared('beside', { pinnedCopies: 1 })],
    ['operator', 'is larger than was said', declared('beside', { gpuBytes: 5 })],
    ['unlisted', 'was declared with another time', declared('beside', { idleUnload: 1_000 })],
  ])('is %s where a copy of another model on its server %s', (cause, _, event) => {
    const promised = new Promised('READY');
    promised.story.turn([event], () => []);
    expect(promised.broken('unknown')).toEqual([`promise broken: ${cause}`]);
  });

  it('is load_failed where the load of a model that it needs has failed', () => {
    const promised = new Promised();
    promised.story.fleet.steps.set(aModel('here').id, [aModel('step').id]);
    failed(promised.story, { ...promised.load, replica: replicaId(aModel('step').id, S) });
    expect(promised.broken('load_failed')).toEqual(['promise broken: load_failed']);
  });
});

const drain = { kind: 'DrainOrdered', server: S, deadline: null } as const;

/** The load of another model has no answer, and is not seen for longer than its P90. */
function lateBeside(story: Story, load: ActionOf<'load'>): void {
  const replica = replicaId(aModel('beside').id, S);
  const { order } = load;
  story.time(1, (fleet) => {
    fleet.loadTimes.set(aModel('beside').id, { mean: Math.log(1_000), deviation: 0, count: 8 });
    return [{ ...load, replica, model: aModel('beside').id }];
  });
  story.turn([{ kind: 'LoadEnded', order, replica, outcome: { kind: 'unknown' } }], () => []);
  story.time(5_000, () => []);
}

function unanswered(story: Story, { order }: ActionOf<'load'>): void {
  const replica = replicaId(aModel('beside').id, S);
  story.turn([{ kind: 'UnloadEnded', order, replica, outcome: { kind: 'unknown' } }], () => []);
}

function failed(story: Story, { order, replica }: ActionOf<'load'>): void {
  const outcome = { kind: 'failed', cause: 'transient' } as const;
  story.turn([{ kind: 'LoadEnded', order, replica, outcome }], () => []);
}

function pinned(story: Story): void {
  story.turn([declared('beside', { pinnedCopies: 1 })], (fleet) => {
    forget(fleet, replicaId(aModel('beside').id, S));
    const [times, place] = [
      { p50: 1e9, p90: 1e9 },
      { server: S, devices: [0] },
    ];
    const job = { placeAt: 1e9, startsAt: 1e9, readyAt: times, neededBy: Infinity, searchedAt: story.now };
    fleet.line.set(aModel('beside').id, { cause: 'pinned', ...place, ...job });
    return [];
  });
}

function outranked(story: Story): void {
  const request = { ...aRequest('high', 'beside', story.now), class: 'critical' } as const;
  story.turn([{ kind: 'RequestArrived', request }], () => []);
}
