import { describe, expect, it } from '@jest/globals';
import { table } from './table.js';

const COLUMNS = [
  { title: 'NAME', cell: ([name]: readonly string[]) => name! },
  { title: 'NOTE', cell: ([, note]: readonly string[]) => note! },
];

describe('a table', () => {
  it('makes each column as wide as it must be, and shows where nothing is', () => {
    expect(
      table(COLUMNS, [
        ['resnet50', ''],
        ['m', 'pinned'],
      ]),
    ).toEqual(['NAME       NOTE', 'resnet50   -', 'm          pinned']);
  });

  it('stays a table whatever is in a cell', () => {
    const [title, hostile, other] = table(COLUMNS, [
      ['a\nb\u001b[2J', 'x'.repeat(1_000_000)],
      ['m', 'y'],
    ]);
    expect(hostile).toMatch(/^a\\u000ab\\u001b\[2J {3}x+\.\.\.$/);
    expect(hostile!.length).toBeLessThan(200);
    expect(title!.indexOf('NOTE')).toBe(other!.indexOf('y'));
  });
});
