import { describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Fleet, ModelId, ReplicaId } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { HERE, S, Story } from './story.js';

/** `here` is warm for so long; then it leaves for `there` as if it were moved to another server, by a forged turn. */
function moved(age: number, also: (fleet: Fleet) => void = () => {}): readonly string[] {
  const story = new Story();
  story.turn([
    { kind: 'ServerDeclared', server: aServer('s', [10]) },
    { kind: 'ModelDeclared', model: aModel('here') },
    { kind: 'ModelDeclared', model: aModel('there', { gpuBytes: 8 }) },
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.look({ here: '', there: '' });
  const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';
  story.loaded(story.ask('here').find(isLoad)!);
  story.look({ here: 'READY', there: '' });
  story.time(age);
  story.ask('there', (fleet, actions) => {
    const here = fleet.replicas.get(HERE)!;
    const left = { phase: 'draining', since: story.now, cause: 'evicted', makesRoomFor: 'there' };
    fleet.replicas.set(HERE, { ...here, ...left } as never);
    fleet.unsettled.add(HERE);
    moves(fleet, HERE);
    also(fleet);
    return actions;
  });
  return story.found.filter((one) => one.includes('moved'));
}

function moves(fleet: Fleet, id: ReplicaId): void {
  fleet.moves.set(id, {
    model: 'here' as ModelId,
    to: 'here@u' as ReplicaId,
    for: 'there' as ModelId,
    since: 0,
  });
}

describe('the promises', () => {
  it('find a copy that was moved to where none is ready', () => {
    expect(moved(70_000)).toEqual([
      expect.stringMatching(/here@s was moved to here@u for there, and that is not ready \(invariant 7/),
      expect.stringMatching(/here@s was moved to here@u for there, and 0 copies are left \(invariant 7/),
    ]);
  });

  it('find one that was moved in its first minute', () => {
    expect(moved(30_000)).toContainEqual(expect.stringMatching(/here@s was moved .* ms after it had come/));
  });

  it('find two that are moved for the same', () => {
    const twice = (fleet: Fleet): void => moves(fleet, 'other@s' as ReplicaId);
    expect(moved(70_000, twice)).toContainEqual(
      expect.stringMatching(/several copies are moved at once: newcomers there, there/),
    );
  });
});
