import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../make-plan.js';

const plans = Array.from({ length: 60 }, (_, nth) => makePlan(nth + 1, { hours: 0.2 }));

describe('pressure', () => {
  const pressed = plans
    .map(({ storm, happenings }) => ({ storm, steps: happenings.filter(({ kind }) => kind === 'pressure') }))
    .filter(({ steps }) => steps.length > 0);

  it('is drawn for some seeds, and none after the storm', () => {
    expect(pressed.length).toBeGreaterThan(10);
    expect(pressed.length).toBeLessThan(40);
    for (const { storm, steps } of pressed) expect(steps.every(({ at }) => at <= storm)).toBe(true);
  });

  it('comes in every level, and ends', () => {
    const levels = pressed.flatMap(({ steps }) => steps.map((step) => 'level' in step && step.level));
    expect(new Set(levels)).toEqual(new Set(['none', 'high', 'severe', 'extreme']));
  });
});
