import { describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Model } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { HERE, S, Story } from './story.js';

const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';

/** `here` is warm and made to leave in the turn that is told of so many failures of it. */
function evicted(here: Partial<Model>, failed: number): readonly string[] {
  const story = new Story();
  story.turn([
    { kind: 'ServerDeclared', server: aServer('s', [10]) },
    { kind: 'ModelDeclared', model: aModel('here', here) },
    { kind: 'ModelDeclared', model: aModel('there') },
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  story.loaded(story.look({ here: '', there: '' }).find(isLoad)!);
  story.look({ here: 'READY', there: '' });
  story.now += 20_000;
  const leave: Parameters<Story['look']>[1] = (fleet, actions) => {
    const left = { phase: 'draining', since: story.now, cause: 'evicted', makesRoomFor: 'there' };
    fleet.replicas.set(HERE, { ...fleet.replicas.get(HERE), ...left } as never);
    fleet.unsettled.add(HERE);
    return actions;
  };
  story.look({ here: 'READY', there: '' }, leave, failed);
  return story.found.filter((one) => /is pinned|copies are left/.test(one));
}

describe('the promises, of a copy that only fails', () => {
  it.each([
    { kept: { pinnedCopies: 1 }, found: /here@s is pinned and was let go: evicted \(invariant 7/ },
    { kept: { minCopies: 1 }, found: /and 0 copies are left of 1 \(invariant 8/ },
  ])('let it go from the third failure on, where such are replaced: $kept', ({ kept, found }) => {
    expect(evicted({ ...kept, onFailing: 'replace' }, 3)).toEqual([]);
    expect(evicted({ ...kept, onFailing: 'replace' }, 2)).toEqual([expect.stringMatching(found)]);
    expect(evicted({ ...kept, onFailing: 'flag' }, 3)).toEqual([expect.stringMatching(found)]);
  });
});
