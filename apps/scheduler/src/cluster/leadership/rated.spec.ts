import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { rated } from './rated.js';

const real = globalThis.setTimeout;
let endMinute: () => void;

beforeEach(() => {
  const set = (end: () => void) => ((endMinute = end), { unref: () => undefined });
  globalThis.setTimeout = set as unknown as typeof setTimeout;
});

afterEach(() => void (globalThis.setTimeout = real));

it('tells four of many changes in a minute at once, and at its end how it is then', () => {
  const lines: string[] = [];
  const tell = rated((line: string) => lines.push(line));
  for (const line of ['1', '2', '3', '4', '5', '6']) tell(line);
  expect(lines).toEqual(['1', '2', '3', '4']);
  endMinute();
  expect(lines.splice(0)).toEqual(['1', '2', '3', '4', '6']);
  for (const line of ['7', '8', '9', '10']) tell(line);
  expect(lines).toEqual(['7', '8', '9']);
  endMinute();
  endMinute();
  tell('11');
  expect(lines).toEqual(['7', '8', '9', '10', '11']);
});
