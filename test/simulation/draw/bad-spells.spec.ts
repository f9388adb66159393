import { describe, expect, it } from '@jest/globals';
import type { HappeningOf } from '../happenings.js';
import { makePlan } from '../make-plan.js';
import { Random } from '../random.js';
import { drawBadSpells } from './bad-spells.js';

const spells = Array.from({ length: 60 }, (_, nth) => makePlan(nth + 1, { hours: 0.2 }))
  .map(({ seed, servers, models, storm }) => {
    const temper = { idle: 1, queue: 10, wait: 1, residency: 0, lease: 1, load: 1 };
    const all = drawBadSpells(new Random(seed, 'bad spells'), { servers, models, storm, temper });
    const asks = all.filter((one): one is HappeningOf<'ask'> => one.kind === 'ask');
    const fails = all.filter((one): one is HappeningOf<'loadFails'> => one.kind === 'loadFails');
    return { storm, servers, models, all, asks, fails };
  })
  .filter(({ all }) => all.length > 0);

describe('bad spells', () => {
  it('are drawn for some seeds, and end with the storm at the latest', () => {
    expect(spells.length).toBeGreaterThan(8);
    expect(spells.length).toBeLessThan(35);
    for (const { asks, fails, storm } of spells) {
      expect(asks.every(({ at }) => at <= storm)).toBe(true);
      expect(fails.every(({ at, lasts }) => at + lasts! <= storm)).toBe(true);
    }
  });

  it('are of some models everywhere, of all on one server, or of all everywhere', () => {
    const kinds = spells.map(({ fails, servers, models }) => {
      const where = new Set(fails.map(({ server }) => server)).size;
      const failing = new Set(fails.map(({ model }) => model)).size;
      expect(fails).toHaveLength(where * failing);
      expect(where === servers.length || failing === models.length).toBe(true);
      return `${where === servers.length} ${failing === models.length}`;
    });
    expect(new Set(kinds).size).toBe(3);
  });

  it('are asked through by callers with a budget that do as they are told, or by some without that do not', () => {
    const manners = spells.map(({ asks }) => {
      const [first] = asks;
      expect(asks.every(({ retries }) => retries === first!.retries)).toBe(true);
      return first!.retryAfter === null ? 'told' : first!.retries > 20 ? 'at once' : 'neither';
    });
    expect(new Set(manners)).toEqual(new Set(['told', 'at once']));
  });

  it('are asked through for failing models alone', () => {
    for (const { asks, fails } of spells) {
      const failing = new Set(fails.map(({ model }) => model));
      expect(asks.every(({ model }) => failing.has(model))).toBe(true);
    }
  });
});
