import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Action, emptyFleet, type Event } from '#core';
import { aModel, aServer } from '../../../test/support/builders.js';
import { type RecordedTurn, Replay } from './replay.js';
import { decide } from '../../../test/support/decide.js';

const EVENTS: readonly (readonly Event[])[] = [
  [
    { kind: 'ServerDeclared', server: aServer('s') },
    { kind: 'ModelDeclared', model: aModel('m') },
  ],
  [{ kind: 'ContactChanged', server: aServer('s').id, fact: 'connected' }],
  [{ kind: 'ShutdownBegun', reason: 'shutting_down' }],
];

describe('a replay', () => {
  let turns: RecordedTurn[];

  beforeEach(() => {
    const fleet = emptyFleet();
    turns = EVENTS.map((events, index) => {
      return { turn: index + 1, now: index, events, actions: decide(fleet, events, index) };
    });
  });

  const differences = (recorded: readonly RecordedTurn[]): unknown[] => {
    const replay = new Replay(emptyFleet());
    return recorded.map((turn) => replay.take(turn));
  };

  /** The second turn, with other actions. */
  const instead = (actions: readonly object[]): RecordedTurn[] =>
    turns.with(1, { ...turns[1]!, actions: actions as Action[] });

  it('decides what was decided, and comes to the same fleet', () => {
    const replay = new Replay(emptyFleet());
    for (const turn of turns) expect(replay.take(turn)).toBeUndefined();
    expect(replay.fleet.closing).toBe('shutting_down');
    expect([...replay.fleet.models.keys()]).toEqual(['m']);
  });

  it('finds nothing in keys that stand in another order, or that say undefined', () => {
    const [look] = turns[1]!.actions;
    const turned = { ...Object.fromEntries(Object.entries(look!).toReversed()), more: undefined };
    expect(differences(instead([turned]))).toEqual([undefined, undefined, undefined]);
  });

  it('tells the first thing that is decided otherwise, with both sides', () => {
    const [look] = turns[1]!.actions;
    const found = (actions: readonly object[]): unknown => differences(instead(actions))[1];
    const common = { turn: 2, actions: [look] };
    expect(found([{ ...look, scope: 'statistics' }])).toEqual({
      ...common,
      path: 'actions[0].scope',
      recorded: 'statistics',
      decided: 'full',
    });
    expect(found([])).toEqual({ ...common, path: 'actions[0]', recorded: undefined, decided: look });
    expect(found([look!, look!])).toEqual({
      ...common,
      path: 'actions[1]',
      recorded: look,
      decided: undefined,
    });
    expect(found([{ ...look, why: {} }])).toMatchObject({ path: 'actions[0].why', recorded: {} });
  });
});
