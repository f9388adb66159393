import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, ModelId, Ready } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { HERE, S, Story, unload } from './story.js';

const loadIn = (actions: readonly Action[]): ActionOf<'load'> =>
  actions.find((action): action is ActionOf<'load'> => action.kind === 'load')!;

describe('the promises of what operators order', () => {
  let story: Story;

  beforeEach(() => {
    story = new Story();
    story.turn([
      { kind: 'ServerDeclared', server: aServer('s', [10]) },
      { kind: 'ModelDeclared', model: aModel('here') },
      { kind: 'ContactChanged', server: S, fact: 'connected' },
    ]);
    story.look({ here: '' });
    story.loaded(loadIn(story.ask('here')));
    story.look({ here: 'READY' });
  });

  const freeze = { kind: 'FreezeOrdered', reason: 'audit', since: 0 } as const;
  const reload = { kind: 'ReloadOrdered', model: 'here' as ModelId, until: 1e6 } as const;

  it('find nothing where a frozen fleet is left alone', () => {
    story.turn([freeze]);
    story.time(400_000);
    expect(story.found).toEqual([]);
  });

  it('find an unload in a frozen fleet', () => {
    story.turn([freeze], (_, actions) => [...actions, unload('o9')]);
    expect(story.found.join('\n')).toMatch(/unload.* in a frozen fleet \(invariant 20, freeze\)/);
  });

  it('find a copy that is let go in a frozen fleet', () => {
    story.turn([freeze]);
    story.turn([], (fleet, actions) => {
      const { lastUse: _, pulse: __, ...kept } = fleet.replicas.get(HERE) as Ready;
      const leaving = { ...kept, phase: 'draining', cause: 'idle', makesRoomFor: null };
      fleet.replicas.set(HERE, leaving as never);
      fleet.unsettled.add(HERE);
      return actions;
    });
    expect(story.found.join('\n')).toContain('here@s was let go in a frozen fleet');
  });

  const forceUnload = { kind: 'UnloadOrdered', model: 'here' as ModelId, force: true } as const;

  it('find nothing where what was forced in a frozen fleet goes as that ends, whatever routes came meanwhile', () => {
    story.turn([freeze]);
    story.turn([forceUnload]);
    story.ask('here');
    expect(story.turn([{ kind: 'FreezeEnded' }]).map(({ kind }) => kind)).toContain('unload');
    expect(story.found).toEqual([]);
  });

  it('find nothing in a reload, also of what is pinned', () => {
    story.turn([{ kind: 'ModelDeclared', model: aModel('here', { pinnedCopies: 1 }) }]);
    story.turn([reload]);
    expect(story.fleet.replicas.get(HERE)?.phase).toBe('draining');
    story.time(12_000);
    expect(story.found).toEqual([]);
  });

  it('find a copy that was to be loaded anew and is forgotten', () => {
    story.turn([freeze]);
    story.turn([reload]);
    expect(story.found).toEqual([]);
    story.turn([], (fleet, actions) => {
      fleet.reloads.delete(HERE);
      return actions;
    });
    expect(story.found.join('\n')).toContain('here@s was to be loaded anew, and never left');
  });

  it('find nothing where a copy stays that was to get more devices for a pin', () => {
    story.turn([freeze]);
    story.turn([reload], (fleet, actions) => {
      fleet.reloads.set(HERE, { ...fleet.reloads.get(HERE)!, cause: 'pinned' });
      return actions;
    });
    story.turn([], (fleet, actions) => {
      fleet.reloads.delete(HERE);
      return actions;
    });
    expect(story.found).toEqual([]);
  });

  it('find nothing where an unload is ordered instead of a reload', () => {
    story.turn([freeze]);
    story.turn([reload]);
    story.turn([forceUnload]);
    expect(story.found).toEqual([]);
  });

  it('find two copies that are away at once to be loaded anew', () => {
    story.turn([reload], (fleet, actions) => {
      const other = 'here@t' as typeof HERE;
      fleet.replicas.set(other, { ...fleet.replicas.get(HERE)!, id: other });
      fleet.reloads.set(other, { ...fleet.reloads.get(HERE)!, leftAt: null });
      return actions;
    });
    expect(story.found.join('\n')).toContain('here@s leaves, and here@t is not back yet');
  });
});
