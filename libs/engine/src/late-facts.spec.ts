import { describe, expect, it } from '@jest/globals';
import type { Event, ModelId, ServerId } from '#core';
import { LateFacts } from './late-facts.js';

const [S, T] = ['s', 't'] as unknown as readonly [ServerId, ServerId];
const ordered = (server: ServerId): Event => ({ kind: 'OrdersRemembered', server, models: ['m' as ModelId] });
const steps: Event = { kind: 'StepsRemembered', model: 'm' as ModelId, steps: [] };

describe('what earlier lives learned of servers', () => {
  it('is told at once of what is declared, and of the others when they are', () => {
    const facts = new LateFacts();
    expect(facts.declare(S)).toEqual([]);
    expect(facts.take([ordered(S), steps, ordered(T)])).toEqual([ordered(S), steps]);
    expect(facts.declare(T)).toEqual([ordered(T)]);
    expect([facts.declare(T), facts.forget()]).toEqual([[], []]);
  });

  it('is forgotten by the store, too, where a server is never declared', () => {
    const facts = new LateFacts();
    facts.take([ordered(T)]);
    expect(facts.forget()).toEqual([{ kind: 'ServerWithdrawn', server: T }]);
    expect([facts.forget(), facts.declare(T)]).toEqual([[], []]);
  });
});
