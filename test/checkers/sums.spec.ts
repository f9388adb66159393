import { describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Fleet, Model, Replica } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { HERE, S, Story } from './story.js';

type Load = ActionOf<'load'>;
const isLoad = (action: Action): action is Load => action.kind === 'load';

/** Forges a load of `here` on a server with three devices, and what it books; tells what is found. */
function loaded(parts: Partial<Model>, forge: (load: Load, fleet: Fleet) => Load): readonly string[] {
  const story = new Story();
  story.turn([
    { kind: 'ServerDeclared', server: aServer('s', [10, 10, 10]) },
    { kind: 'ModelDeclared', model: aModel('here', { gpuBytes: 4, hostBytes: 2, ...parts }) },
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.look({ here: '' });
  const loads: Load[] = [];
  story.ask('here', (fleet, actions) => {
    loads.push(...actions.filter(isLoad));
    return actions.map((action) => (isLoad(action) ? forge(action, fleet) : action));
  });
  expect(loads).toHaveLength(1);
  return story.found.filter((one) => /invariant 1,/.test(one)).map((one) => one.replace(/ \(.*/, ''));
}

const booked =
  (parts: (replica: Replica) => object) =>
  (load: Load, { replicas, index }: Fleet): Load => {
    const replica = replicas.get(HERE)!;
    replicas.set(HERE, { ...replica, ...parts(replica) });
    index.unsettled = null;
    return load;
  };
const asItIs = booked(() => ({}));

describe('the promises', () => {
  it('find a set of devices that is booked in part', () => {
    const deviceSets = [[0, 1], [1, 2], [7]];
    expect(loaded({ deviceSets }, asItIs)).toEqual([]);
    const inPart = booked(({ bookings }) => ({ devices: [0, 1], bookings }));
    expect(loaded({ deviceSets }, inPart)).toEqual(['load here@s, which is spread, onto 0, 1']);
  });

  it('find a copy that is spread where no set of its devices is', () => {
    const nowhere = (load: Load, fleet: Fleet): Load => {
      fleet.models.set(aModel('here').id, { ...fleet.models.get(aModel('here').id)!, deviceSets: [[7]] });
      return load;
    };
    expect(loaded({ deviceSets: [[0]] }, nowhere)).toEqual(['load here@s, which is spread, onto 0']);
  });

  it('find a copy that is spread and is given a config', () => {
    const configured = (load: Load): Load => ({ ...load, config: { base: '{}', gpus: [0] } });
    expect(loaded({ deviceSets: [[0, 1]] }, configured)).toEqual([
      'load here@s, which is spread, with a config',
    ]);
  });

  it('find a load that books less than was declared', () => {
    expect(loaded({}, asItIs)).toEqual([]);
    const less = booked(({ bookings }) => ({
      bookings: bookings.map((one) => (one.account === 'gpu:s/1' ? { ...one, bytes: 3 } : one)),
    }));
    expect(loaded({}, less)).toEqual(['here@s books 3 bytes on gpu:s/1, and 4 were declared or measured']);
    const noHost = booked(({ bookings }) => ({
      bookings: bookings.filter(({ account }) => account !== 'host:s'),
    }));
    expect(loaded({}, noHost)).toEqual(['here@s books 0 bytes on host:s, and 2 were declared or measured']);
  });
});
