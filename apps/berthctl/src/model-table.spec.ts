import { describe, expect, it } from '@jest/globals';
import type { CopyMessage, ModelMessage } from '#contracts';
import { modelTable } from './model-table.js';

const NOON = Date.parse('2026-01-31T12:00:00Z');

const aCopy = (parts: Partial<CopyMessage> = {}): CopyMessage => ({
  ...{ server: 'a', device: 0, phase: 'ready', since: '2026-01-31T11:00:00Z', flags: [] },
  ...{
    memoryMb: { reserved: 420, measured: null, basis: 'declared' },
    lastUsedAt: null,
    inUseUntil: null,
    idleUnloadAt: null,
    failures: null,
  },
  ...parts,
});

const aModel = (parts: Partial<ModelMessage> = {}): ModelMessage => ({
  ...{
    name: 'm',
    source: 'file',
    revision: '0',
    enabled: true,
    labels: {},
    spec: {},
    effective: {},
    pin: null,
  },
  ...{ state: 'absent', copies: [], waiting: 0, lastFailure: null, nextTryAt: null, lastUnload: null },
  ...parts,
});

const rowOf = (model: ModelMessage): string[] => modelTable([model], NOON)[1]!.split(/ {3,}/);

describe('the table of models', () => {
  it('is nothing where there is no model', () => {
    expect(modelTable([], NOON)).toEqual([]);
  });

  it('says of a copy where it is, what it books, and when it was used', () => {
    const copies = [
      aCopy({ lastUsedAt: '2026-01-31T11:59:00Z' }),
      aCopy({ device: 1, lastUsedAt: '2026-01-31T11:59:48Z' }),
      aCopy({ server: 'b', device: null }),
    ];
    const pin = { copies: 2, until: '2026-01-31T15:00:00Z', schedule: null };
    expect(rowOf(aModel({ state: 'ready', copies, pin, waiting: 3 }))).toEqual([
      ...['m', 'ready', 'a:0,1 b', '1260 MiB', '2, ends in 3 h', '3', '12 s ago', '-'],
    ]);
  });

  it.each([
    [{ enabled: false }, 'disabled'],
    [{ copies: [aCopy({ flags: ['failing'] }), aCopy({ flags: ['failing', 'stuck'] })] }, 'failing; stuck'],
    [
      { lastFailure: { at: '2026-01-31T11:59:55Z', cause: 'missing' }, nextTryAt: '2026-01-31T12:00:30Z' },
      'load failed 5 s ago: missing; next try in 30 s',
    ],
    [
      { lastUnload: { at: '2026-01-31T11:58:00Z', reason: 'evicted', for: 'n' } },
      'left 2 min ago: evicted for n',
    ],
  ] as [Partial<ModelMessage>, string][])('notes of %j what a reader should know', (parts, note) => {
    expect(rowOf(aModel(parts)).at(-1)).toBe(note);
  });
});
