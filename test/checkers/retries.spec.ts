import { describe, expect, it } from '@jest/globals';
import type { ActionOf, Fleet, ModelId, OrderId, ReplicaId } from '#core';
import { aModel } from '../support/builders.js';
import { forget, HERE, S, Story } from './story.js';

const HERE_MODEL = 'here' as ModelId;

const load = (order: string): ActionOf<'load'> => ({
  ...{ kind: 'load', order: order as OrderId, replica: HERE, model: HERE_MODEL, server: S },
  ...{ config: null, timeout: 60_000, coLoaded: [], cause: 'asked' },
});

const said = ({ found }: Story, what: RegExp): readonly string[] =>
  found.filter((one) => what.test(one)).map((one) => one.replace(/ \(invariant.*/, ''));

/** Fails the only load, and forges what is to be waited out after that. */
function failing(forge: (fleet: Fleet, now: number) => void): Story {
  const story = Story.beforeLoading();
  const order = story.ask('here').find((action) => action.kind === 'load') as ActionOf<'load'>;
  story.now += 10;
  const outcome = { kind: 'failed', cause: 'transient' } as const;
  story.turn([{ kind: 'LoadEnded', order: order.order, replica: HERE, outcome }], (fleet, actions) => {
    forge(fleet, story.now);
    return actions;
  });
  return story;
}

const waitOut =
  (wait: number, failures = 1) =>
  (fleet: Fleet, now: number): void => {
    fleet.cooldowns.set(HERE, { ...fleet.cooldowns.get(HERE)!, failures, until: now + wait });
  };

describe('the promises about failed loads', () => {
  it.each([
    [500, 1, 0],
    [499, 1, 1],
    [1_001, 1, 1],
    [4_000, 3, 0],
    [60_000, 20, 0],
    [60_001, 20, 1],
  ])('find a wait of %i ms after %i in a row: %i complaints', (wait, failures, complaints) => {
    expect(said(failing(waitOut(wait, failures)), /waited out/)).toHaveLength(complaints);
  });

  it('find a breaker that is open for too long or too short', () => {
    const opened = (wait: number): Story =>
      failing((fleet, now) => {
        fleet.breakers.set(HERE_MODEL, { failures: 3, cause: 'transient', until: now + wait });
      });
    expect([499, 500, 4_000, 4_001].map((wait) => said(opened(wait), /nowhere for/).length)).toEqual([
      1, 0, 0, 1,
    ]);
  });

  it('find a load while the breaker is open, and none once it half-opens', () => {
    const found = [1, 0].map((ahead) => {
      const story = Story.beforeLoading();
      story.time(1, (fleet) => {
        const breaker = { failures: 3, cause: 'transient', until: story.now + ahead } as const;
        fleet.breakers.set(HERE_MODEL, breaker);
        return [load('o7')];
      });
      return said(story, /is to be nowhere/);
    });
    expect(found).toEqual([['here@s is loaded while here is to be nowhere'], []]);
  });

  it('find a second load beside the one that is to show whether it still fails', () => {
    const story = Story.beforeLoading();
    story.ask('here');
    story.time(1, (fleet) => {
      fleet.breakers.set(HERE_MODEL, { failures: 3, cause: 'transient', until: story.now });
      const other = { ...fleet.replicas.get(HERE)!, id: 'here@t' as ReplicaId };
      fleet.replicas.set(other.id, other);
      fleet.holders.set(HERE_MODEL, new Set([HERE, other.id]));
      return [load('o7')];
    });
    expect(said(story, /is loaded beside/)).toEqual(['here@s is loaded beside here@s, here@t']);
  });

  it.each([
    ['another waits', true, 1],
    ['nothing waits', false, 0],
  ])('find a retry on the last slot while %s', (_, waits, complaints) => {
    const story = Story.beforeLoading();
    story.turn([{ kind: 'ModelDeclared', model: aModel('there') }]);
    story.look(NOTHING);
    const [{ order }] = story.ask('here') as [ActionOf<'load'>];
    const tried = story.fleet.replicas.get(HERE)!;
    story.now += 10;
    const outcome = { kind: 'failed', cause: 'transient' } as const;
    story.turn([{ kind: 'LoadEnded', order, replica: HERE, outcome }]);
    story.look(NOTHING);
    const keep = (fleet: Fleet): void => {
      forget(fleet, 'there@s' as ReplicaId);
      if (waits) fleet.wantedSince.set('there' as ModelId, story.now);
    };
    story.ask('there', (fleet) => {
      keep(fleet);
      return [];
    });
    story.time(1, (fleet) => {
      keep(fleet);
      fleet.replicas.set(HERE, tried);
      fleet.unsettled.add(HERE);
      return [load('o9')];
    });
    expect(said(story, /got the last slot/)).toHaveLength(complaints);
  });
});

const NOTHING = { here: '', there: '' } as const;
