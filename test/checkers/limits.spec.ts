import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Event, Model, ModelId } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { HERE, S, Story } from './story.js';

const ID = 'here' as ModelId;

const declared = (parts: Partial<Model>): Event => ({
  kind: 'ModelDeclared',
  model: aModel('here', { gpuBytes: 4, onLimitExceeded: 'quarantine', ...parts }),
});

/** A life that remembers of an earlier one that `here` took 9 of the 4 it may take, or little enough. */
function remembering(parts: Partial<Model>, peak = 9): Story {
  const story = new Story();
  story.turn([
    { kind: 'FootprintRemembered', model: ID, footprint: { peak, times: 1, latest: [peak, peak] } },
    { kind: 'ServerDeclared', server: aServer('s', [20]) },
    declared(parts),
    { kind: 'ContactChanged', server: S, fact: 'connected' },
  ]);
  return story;
}

const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';

const load = (story: Story): ActionOf<'load'> => {
  const [first] = [...story.look({ here: '' }), ...story.time(100)].filter(isLoad);
  expect(first?.model).toBe(ID);
  return first!;
};

/** It is withdrawn, though the core did not decide so. */
const isWithdrawn = (story: Story): void => {
  story.time(1_000, (fleet, actions) => {
    const left = { phase: 'draining', since: story.now, cause: 'withdrawn', makesRoomFor: null };
    fleet.replicas.set(HERE, { ...fleet.replicas.get(HERE), ...left } as never);
    fleet.unsettled.add(HERE);
    return actions;
  });
};

describe('what an earlier life measured above its limit', () => {
  let story: Story;

  it('goes as soon as it is no longer pinned, and a pin that ends is no new declaration', () => {
    story = remembering({ pinnedCopies: 1 });
    story.loaded(load(story));
    story.turn([declared({ pinnedCopies: 0 })]);
    expect(story.fleet.replicas.get(HERE)).toMatchObject({ phase: 'unloading', cause: 'withdrawn' });
    expect(story.found).toEqual([]);
  });

  it('is not to be loaded', () => {
    story = remembering({});
    story.look({ here: '' });
    story.ask('here', () => [
      {
        kind: 'load',
        order: 'o1' as never,
        replica: HERE,
        model: ID,
        server: S,
        config: null,
        timeout: 1,
        coLoaded: [],
        cause: 'asked',
      },
    ]);
    expect(story.found).toContainEqual(
      expect.stringMatching(/load here@s brings here, which is quarantined \(invariant 7 and 10/),
    );
  });

  it.each([
    { kind: 'ReloadOrdered', model: ID, until: 60_000 },
    { kind: 'ReloadRemembered', model: ID, copies: [{ server: S, hasLeft: true }] },
  ] as const)('may be loaded by an order of an admin, also of an earlier life: $kind', (order) => {
    story = remembering({});
    story.look({ here: '' });
    story.turn([order]);
    expect(story.fleet.replicas.get(HERE)?.phase).toBe('loading');
    expect(story.found).toEqual([]);
  });

  it('may be loaded once it is declared otherwise', () => {
    story = remembering({});
    story.look({ here: '' });
    story.turn([declared({ minCopies: 1 })]);
    expect(story.fleet.replicas.get(HERE)?.phase).toBe('loading');
    expect(story.found).toEqual([]);
  });
});

describe('that a copy was withdrawn', () => {
  const LET_BE = /here@s was withdrawn, which is quarantine and within its limit, or let be by an admin/;
  let story: Story;

  beforeEach(() => {
    story = remembering({});
    story.turn([{ kind: 'LoadOrdered', model: ID, until: story.now + 60_000 }]);
    story.loaded(load(story));
  });

  it('is a complaint where an admin ordered its load', () => {
    expect(story.found).toEqual([]);
    isWithdrawn(story);
    expect(story.found).toContainEqual(expect.stringMatching(LET_BE));
  });

  it('is a complaint where it takes no more than it may', () => {
    story = remembering({ pinnedCopies: 1 }, 4);
    story.loaded(load(story));
    isWithdrawn(story);
    expect(story.found).toContainEqual(expect.stringMatching(LET_BE));
  });
});
