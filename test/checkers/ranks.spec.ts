import { describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Event, Model, ModelId } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { HERE, S, Story } from './story.js';

/** `here` is warm; then it is made to leave for `there`, for which a request waits. */
function evicted(
  here: Partial<Model>,
  there: Partial<Model>,
  ordered: readonly Event[] = [],
): readonly string[] {
  const story = new Story();
  story.turn([
    { kind: 'ServerDeclared', server: aServer('s', [10, 10]) },
    { kind: 'ModelDeclared', model: aModel('here', { ...here, minCopies: 0 }) },
    { kind: 'ModelDeclared', model: aModel('there', there) },
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.look({ here: '', there: '' });
  const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';
  story.loaded(story.ask('here').find(isLoad)!);
  story.look({ here: 'READY', there: '' });
  story.time(20_000);
  story.turn([{ kind: 'ModelDeclared', model: aModel('here', here) }, ...ordered]);
  story.ask('there', (fleet, actions) => {
    const left = {
      phase: 'draining',
      since: story.now,
      cause: 'evicted',
      makesRoomFor: 'there',
      inUseUntil: story.now + 1,
    };
    fleet.replicas.set(HERE, { ...fleet.replicas.get(HERE), ...left } as never);
    fleet.unsettled.add(HERE);
    return actions;
  });
  return story.found.filter((one) => /lower class|copies are left/.test(one));
}

describe('the promises', () => {
  it('find an eviction of what is in use for a lower class', () => {
    const found = [
      expect.stringMatching(/here@s was evicted for there, .* while it was in use \(invariant 8/),
    ];
    expect(evicted({ class: 'critical' }, {})).toEqual(found);
    expect(evicted({}, { class: 'critical' })).toEqual([]);
  });

  it('find nothing where best-effort demand wants the newcomer, too, whose own class is as high', () => {
    const bestEffort = { kind: 'LoadOrdered', model: 'there' as ModelId, until: 1e6 } as const;
    expect(evicted({ class: 'critical' }, { class: 'critical' })).toHaveLength(1);
    expect(evicted({ class: 'critical' }, { class: 'critical' }, [bestEffort])).toEqual([]);
    expect(evicted({ class: 'critical' }, {}, [bestEffort])).toHaveLength(1);
  });

  it('find an eviction of what is kept warm, unless for a higher class', () => {
    const found = [expect.stringMatching(/and 0 copies are left of 1 \(invariant 8/)];
    expect(evicted({ minCopies: 1 }, {})).toEqual(found);
    expect(evicted({ minCopies: 1 }, { class: 'critical' })).toEqual([]);
  });
});
