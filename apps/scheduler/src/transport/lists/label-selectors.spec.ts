import { describe, expect, it } from '@jest/globals';
import { check } from '#config';
import { hasLabels, labelSelectors } from './label-selectors.js';

const LABELS = { team: 'risk', tier: 'a=b', note: '', place: 'Zürich, ok!' };

describe('label selectors', () => {
  it.each([
    'team',
    'team=risk',
    'tier=a=b',
    'note=',
    'place=Zürich, ok!',
    '!zone',
    'team!=fraud',
    'zone!=a',
    'note!=x',
    'tier!=a',
  ])('list what %s holds of', (selector) => {
    expect(hasLabels(LABELS, labelSelectors.parse(selector))).toBe(true);
  });

  it.each(['zone', 'team=fraud', 'team=', '!team', '!note', 'team!=risk', 'toString', 'tier=a'])(
    'leave out what %s does not hold of',
    (selector) => {
      expect(hasLabels(LABELS, labelSelectors.parse(selector))).toBe(false);
    },
  );

  it('must all hold', () => {
    expect(hasLabels(LABELS, labelSelectors.parse(['team', '!zone']))).toBe(true);
    expect(hasLabels(LABELS, labelSelectors.parse(['team', 'zone']))).toBe(false);
  });

  it.each([
    ['', ''],
    ['!', ''],
    ['=a', ''],
    ['zone in (a, b)', ''],
    [' zone=a', ''],
    ['!zone=a', ''],
    ['Zürich', ''],
    [`a=${'x'.repeat(400)}`, ''],
    [['a', '__proto__'], '[1]'],
    [Array.from({ length: 21 }, () => 'a'), ''],
  ])('are refused where they are none: %j', (given, path) => {
    const rule = expect.stringMatching(/^must be key, !key, key=value or key!=value, /);
    expect(check(labelSelectors, given)).toEqual({ ok: false, errors: [{ path, rule, line: null }] });
  });
});
