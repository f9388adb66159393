import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Action, ActionOf, Event, Fleet, ModelId } from '#core';
import { aModel, aServer } from '../support/builders.js';
import { S, Story } from './story.js';

const MODELS = ['here', 'there'];
const READY = { here: 'READY', there: 'READY' } as const;

const isLoad = (action: Action): action is ActionOf<'load'> => action.kind === 'load';

/** As if the core had learned only just now, when all is decided, that an ensemble is made of both. */
function family(fleet: Fleet, actions: readonly Action[]): readonly Action[] {
  fleet.steps.set('whole' as ModelId, MODELS as ModelId[]);
  fleet.composed.add('whole' as ModelId);
  return actions;
}

describe('the promises', () => {
  let story: Story;

  beforeEach(() => {
    story = new Story();
    const { limits, defaults } = story.fleet;
    story.turn([
      { kind: 'LimitsSet', limits: { ...limits, loadsPerServer: 2, loadsPerDevice: 2 }, defaults },
      { kind: 'ServerDeclared', server: aServer('s', [20]) },
      ...MODELS.map((id): Event => ({ kind: 'ModelDeclared', model: aModel(id) })),
      { kind: 'ContactChanged', server: S, fact: 'connected' },
    ]);
    story.look({ here: '', there: '' });
  });

  const unloadBoth = (tamper?: Parameters<Story['turn']>[1]): void => {
    const loads = MODELS.flatMap((model) => story.ask(model).filter(isLoad));
    for (const load of loads) story.loaded(load);
    story.look(READY);
    story.now += 20_000;
    story.turn(
      MODELS.map((id): Event => ({ kind: 'UnloadOrdered', model: id as ModelId, force: true })),
      tamper,
    );
  };

  it('find nothing where loads and unloads have nothing to do with each other', () => {
    unloadBoth();
    expect([...story.fleet.replicas.values()].map(({ phase }) => phase)).toEqual(['unloading', 'unloading']);
    expect(story.found).toEqual([]);
  });

  it('find a load beside one of its family', () => {
    story.ask('here');
    story.ask('there', family);
    expect(story.found.join()).toMatch(/load there@s while here@s, of its family, is loading \(invariant 5/);
  });

  it('find unloads of one family', () => {
    unloadBoth(family);
    expect(story.found.join()).toMatch(/unload here@s while there@s, of its family, is unloading/);
  });

  it('find more unloads at once than there may be loads', () => {
    unloadBoth((fleet, actions) => {
      fleet.limits = { ...fleet.limits, loadsPerServer: 1 };
      return actions;
    });
    expect(story.found.join()).toMatch(/2 unloads in work at s \(invariant 6/);
  });
});
