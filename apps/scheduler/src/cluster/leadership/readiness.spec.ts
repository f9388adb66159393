import { describe, expect, it } from '@jest/globals';
import { ProcessReadiness } from './readiness.js';

interface Situation {
  readonly isEnding?: boolean;
  readonly level?: string;
  /** Of its own looks; left out: this process does not lead. */
  readonly own?: string;
  /** How many rows it was told; left out: no table. */
  readonly rows?: number;
}

const stateOf = ({ isEnding = false, level = 'none', own, rows }: Situation): string => {
  const leading = own === undefined ? null : { get: () => ({ state: () => own }) };
  const terms = { leading, following: { answersWarm: rows !== undefined } };
  const routes = { table: { rows: { size: rows ?? 0 } } };
  const parts = [{ isEnding }, { level }, terms, routes] as unknown;
  return new ProcessReadiness(...(parts as ConstructorParameters<typeof ProcessReadiness>)).state();
};

describe('a Berth among peers is', () => {
  it.each<[string, string, Situation]>([
    ['starting', 'without a table', {}],
    ['ready', 'once it has a table, if an empty one', { rows: 0 }],
    ['pressure', 'under extreme pressure', { rows: 1, level: 'extreme' }],
    ['ending', 'once it ends', { rows: 1, isEnding: true }],
    ['starting', 'where it leads, has not looked, and was told no rows before', { own: 'starting', rows: 0 }],
    ['ready', 'where it leads, has not looked, and was told rows before', { own: 'starting', rows: 1 }],
    ['ready', 'where it leads and has looked', { own: 'ready', rows: 0 }],
  ])('%s %s', (state, _, situation) => expect(stateOf(situation)).toBe(state));
});
