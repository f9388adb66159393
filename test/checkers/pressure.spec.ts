import { describe, expect, it } from '@jest/globals';
import { beginWaiting, endWaiting, type Action, type Class, type PressureLevel } from '#core';
import { aRequest } from '../support/builders.js';
import { Story } from './story.js';

/** Under such a pressure a request of such a class comes for a cold model; then the turn is forged. */
function found(
  level: PressureLevel,
  one: Class,
  forge: 'as it is' | 'stays' | 'shed' = 'as it is',
): readonly string[] {
  const story = Story.beforeLoading();
  story.turn([{ kind: 'PressureChanged', level }]);
  story.now += 1;
  const request = aRequest('r', 'here', story.now, { class: one });
  const { id } = request;
  story.turn([{ kind: 'RequestArrived', request }], (fleet, actions) => {
    if (forge === 'as it is') return actions;
    endWaiting(fleet, id);
    if (forge === 'stays') beginWaiting(fleet, request);
    const refusal = { reason: 'queue_full', retryAfter: 1_000, detail: 'pressure' } as const;
    const shed: readonly Action[] = forge === 'shed' ? [{ kind: 'refuse', request: id, refusal }] : [];
    return [...actions.filter(({ kind }) => kind !== 'refuse'), ...shed];
  });
  return story.found.filter((promise) => /invariant 15,/.test(promise));
}

describe('the promise that pressure sheds new requests', () => {
  it('is kept by the core', () => {
    for (const level of ['none', 'high', 'severe', 'extreme'] as const)
      for (const one of ['critical', 'default', 'sheddable'] as const) expect(found(level, one)).toEqual([]);
  });

  it('finds a request that waits and was to be shed', () => {
    expect(found('high', 'sheddable', 'stays')).toEqual([
      expect.stringContaining('r is sheddable, came under pressure that is high, and waits'),
    ]);
    expect(found('severe', 'default', 'stays')).toHaveLength(1);
  });

  it('finds a request shed that was to wait', () => {
    expect(found('high', 'default', 'shed')).toEqual([
      expect.stringContaining('r was shed for its class, under pressure that is high'),
    ]);
    expect(found('none', 'sheddable', 'shed')).toHaveLength(1);
    expect(found('extreme', 'critical', 'shed')).toHaveLength(1);
  });
});
