import { beforeEach, describe, expect, it } from '@jest/globals';
import { beginWaiting, endWaiting, type Action, type ActionOf, type Fleet, type ModelId } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { forget, HERE, S, Story, unload } from './story.js';

const NOTHING = { here: '', there: '' } as const;

const loadIn = (actions: readonly Action[]): ActionOf<'load'> =>
  actions.find((action): action is ActionOf<'load'> => action.kind === 'load')!;

describe('the promises', () => {
  let story: Story;

  beforeEach(() => {
    story = new Story();
    story.turn([
      { kind: 'ServerDeclared', server: aServer('s', [10, 10]) },
      { kind: 'ModelDeclared', model: aModel('here', { idleUnload: 300_000 }) },
      { kind: 'ModelDeclared', model: aModel('there') },
      { kind: 'ContactChanged', server: S, fact: 'connected' },
    ]);
    story.look(NOTHING);
  });

  const warm = (): void => {
    story.loaded(loadIn(story.ask('here')));
    story.look({ here: 'READY', there: '' });
  };

  it('find nothing in what the core decides', () => {
    warm();
    story.time(5_000);
    expect(story.found).toEqual([]);
  });

  it('find nothing where one turn evicts for two, and one of the victims has only just come up', () => {
    const sizes = Object.entries({ old: 2, young: 6, one: 3, other: 3 });
    story.turn(
      sizes.map(([id, gpuBytes]) => ({ kind: 'ModelDeclared', model: aModel(id, { gpuBytes }) }) as const),
    );
    const absent = { ...NOTHING, young: '', one: '', other: '' } as const;
    story.look({ ...absent, old: '' });
    story.loaded(loadIn(story.ask('old')));
    story.look({ ...absent, old: 'READY' });
    const load = loadIn(story.ask('young'));
    story.ask('one');
    story.ask('other');
    story.look({ ...absent, old: 'READY' });
    story.fleet.limits = { ...story.fleet.limits, starvation: 0 };
    story.loaded(load);
    const left = [...story.fleet.replicas.values()].map(({ model, phase }) => `${model} ${phase}`);
    expect(left).toEqual(['old draining', 'young draining', 'one placed', 'other placed']);
    expect(story.found).toEqual([]);
  });

  it.each<[string, (story: Story) => void, RegExp]>([
    [
      'a load that does not fit',
      ({ fleet }) => {
        const server = fleet.servers.get(S)!;
        story.ask('here', (_, actions) => {
          server.devices = server.devices!.map((device) => ({ ...device, capacity: 1 }));
          return actions;
        });
      },
      /load here@s leaves gpu:s\/0 at .*\(invariant 1, memory\)/,
    ],
    [
      'an order left out',
      (one) => one.ask('here', () => []),
      /here@s is loading by o1, which is no load.*invariant 5/,
    ],
    [
      'an order given twice',
      (one) => one.ask('here', (_, actions) => [...actions, loadIn(actions)]),
      /load here@s while a load of it is in flight \(invariant 5/,
    ],
    [
      'a second order while the first runs',
      (one) => {
        const load = loadIn(one.ask('here'));
        one.time(10, () => [{ ...load, order: 'o9' as never }]);
      },
      /load here@s while a load of it is in flight/,
    ],
    [
      'more loads than slots',
      (one) => {
        one.fleet.limits = { ...one.fleet.limits, loadsPerServer: 1 };
        one.ask('here');
        one.fleet.limits = { ...one.fleet.limits, loadsPerServer: 2, loadsPerDevice: 2 };
        one.ask('there', (fleet, actions) => {
          fleet.limits = { ...fleet.limits, loadsPerServer: 1 };
          return actions;
        });
      },
      /2 loads in flight at s \(invariant 6/,
    ],
    [
      'memory given back without a look',
      (one) => {
        one.ask('here');
        one.time(10, (fleet, actions) => {
          forget(fleet, HERE);
          return actions;
        });
      },
      /here@s went from loading to gone, having decided \(invariant 2/,
    ],
    [
      'an index that lost a replica',
      (one) =>
        one.ask('here', (fleet, actions) => {
          fleet.residents.delete(S);
          return actions;
        }),
      /here@s is missing in an index \(invariant 2/,
    ],
    [
      'an unload under a lease',
      (one) => {
        warm();
        one.time(10, () => [unload('o7')]);
      },
      /unload here@s \(idle\) under a lease until/,
    ],
    [
      'an idle unload too early',
      (one) => {
        warm();
        one.time(20_000, (fleet, actions) => {
          const { phase: _, ...rest } = fleet.replicas.get(HERE) as never as Record<string, unknown>;
          fleet.replicas.set(HERE, {
            ...rest,
            phase: 'draining',
            since: story.now,
            cause: 'idle',
            makesRoomFor: null,
          } as never);
          fleet.unsettled.add(HERE);
          return actions;
        });
      },
      /here@s retired 2\d{4}\.\d ms after its last use, not 300000 \(invariant 9/,
    ],
    [
      'an eviction in use of what has only just come up',
      (one) => {
        one.loaded(loadIn(one.ask('here')), (fleet, actions) => {
          const left = { phase: 'draining', since: one.now, cause: 'evicted', makesRoomFor: 'there' };
          fleet.replicas.set(HERE, { ...fleet.replicas.get(HERE), ...left } as never);
          fleet.unsettled.add(HERE);
          return actions;
        });
      },
      /here@s was evicted in use for there, which is worth less \(invariant 8/,
    ],
    [
      'an answer withheld',
      (one) =>
        one.loaded(loadIn(one.ask('here')), (_, actions) => actions.filter(({ kind }) => kind !== 'grant')),
      /1 wait for an answer, and the fleet knows of 0 \(invariant 13/,
    ],
    [
      'an answer given twice',
      (one) => one.loaded(loadIn(one.ask('here')), (_, [first, ...rest]) => [first!, first!, ...rest]),
      /was answered and does not wait for an answer \(invariant 13/,
    ],
    [
      'a request left waiting past its deadline',
      (one) => {
        one.ask('here');
        const [[id, request]] = [...one.fleet.waiting] as [[never, object]];
        one.time(10, (fleet, actions) => {
          endWaiting(fleet, id);
          beginWaiting(fleet, { ...request, deadline: 5 } as never);
          return actions;
        });
      },
      /still waits past its deadline 5\.0 \(invariant 13/,
    ],
    [
      'a route given to a request that has waited for too long',
      (one) => {
        const load = loadIn(one.ask('here'));
        const [request] = [...one.fleet.waiting.keys()];
        one.now += 60_000;
        const late = { request: request!, replica: HERE, versions: [], lease: 1, waited: 60_000, cold: true };
        one.loaded(load, () => [{ kind: 'grant', ...late }]);
      },
      /was given a route at 61003, after its deadline 61002 \(invariant 13/,
    ],
    [
      'a route to what is not ready',
      (one) => {
        one.ask('here');
        one.time(10, () => [
          {
            kind: 'grant',
            request: [...one.fleet.waiting.keys()][0]!,
            replica: HERE,
            versions: [],
            lease: 10_000,
            waited: 0,
            cold: true,
          },
        ]);
      },
      /a route to here@s, which is loading \(invariant 14/,
    ],
    [
      'a warm route to what was not there',
      (one) => one.turn([{ kind: 'RoutesUsed', uses: [{ replica: HERE, at: 1, inUseUntil: 2, routes: 1 }] }]),
      /a warm route to here@s, which was not there \(invariant 14/,
    ],
    [
      'orders that are not numbered in their order',
      (one) =>
        one.ask('here', (_, actions) => actions.map((action) => ({ ...action, order: 'o44' }) as Action)),
      /orders o44 before 2 \(invariant 5/,
    ],
    [
      'a load of what the repository does not have',
      (one) =>
        one.ask('here', (fleet, actions) => {
          fleet.servers.get(S)!.repository = new Set();
          return actions;
        }),
      /load here@s, which is not in the repository \(invariant 12/,
    ],
    [
      'a load of what is switched off',
      (one) =>
        one.ask('here', (fleet, actions) => {
          const model = fleet.models.get('here' as ModelId)!;
          fleet.models.set(model.id, { ...model, enabled: false });
          return actions;
        }),
      /load here@s brings here, which is disabled \(invariant 10/,
    ],
    [
      'a load that brings what is switched off',
      (one) =>
        one.ask('here', (fleet, actions) => {
          const model = fleet.models.get('there' as ModelId)!;
          fleet.models.set(model.id, { ...model, enabled: false });
          return actions.map((action) =>
            action.kind === 'load' ? { ...action, coLoaded: [model.id] } : action,
          );
        }),
      /load here@s brings there, which is disabled \(invariant 10/,
    ],
    ...(['wrong_mode', 'restricted', null] as const).map((mode): [string, (story: Story) => void, RegExp] => [
      `an order to a server whose control mode is ${mode}`,
      (one) =>
        one.ask('here', (fleet, actions) => {
          fleet.servers.get(S)!.mode = mode;
          return actions;
        }),
      /load here@s while it is up \(invariant 11/,
    ]),
    [
      'an infeasible answer to a request that had waited',
      callInfeasible,
      /here was called infeasible \(.*\), and fits s \(invariant 13/,
    ],
    [
      'an order of a process that goes',
      (one) =>
        one.turn([{ kind: 'ShutdownBegun', reason: 'shutting_down' }], () => [{ kind: 'probe', server: S }]),
      /probe while it shuts down/,
    ],
  ])('find %s', (_, forge, expected) => {
    forge(story);
    expect(story.found.join('\n')).toMatch(expected);
  });

  it('find nothing in an infeasible answer where its load ran out of more than the server has', () => {
    callInfeasible(story, (fleet) => fleet.outgrown.set('here' as ModelId, 1e15));
    expect(story.found.join()).not.toMatch(/was called infeasible/);
  });
});

/** Refuses a request for `here` for its size after it had waited, on a server with one device. */
function callInfeasible(story: Story, known: (fleet: Fleet) => unknown = () => undefined): void {
  story.ask('here', () => []);
  story.found.length = 0;
  story.time(10, (fleet) => {
    const server = fleet.servers.get(S)!;
    server.devices = server.devices!.slice(0, 1);
    forget(fleet, HERE);
    known(fleet);
    const [request] = [...fleet.waiting.keys()] as [never];
    return [{ kind: 'refuse', request, refusal: { reason: 'infeasible', retryAfter: null } }];
  });
}
