import { describe, expect, it } from '@jest/globals';
import type { DiscoveryConfig } from '#config';
import { DiscoveryLog } from './discovery-log.js';
import type { Change } from './discovered-servers.js';

const ENTRY: DiscoveryConfig = {
  question: { kind: 'host', name: 'tritons.example', port: 8001 },
  ...{ http: null, metrics: null, labels: {}, leaveSeconds: 60 },
};
const NOTHING: Change = { found: [], missing: [], leaving: [], isMost: false, leftOut: 0 };

/** The log, and what was written to it. */
function aLog() {
  const lines: string[] = [];
  const write = (level: string) => (_: object, text?: string) => void lines.push(`${level}: ${text}`);
  const log = new DiscoveryLog({ info: write('info'), warn: write('warn') } as never);
  const answered = (change: Partial<Change>) => log.answered(ENTRY, { ...NOTHING, ...change });
  return { lines, answered, unanswered: (reason: 'timeout' | 'refused') => log.unanswered(ENTRY, reason) };
}

describe('the log of what DNS says', () => {
  it('has a line for each change, and none for an answer without one', () => {
    const { lines, answered } = aLog();
    answered({ found: ['a', 'b', 'c'] });
    answered({});
    answered({ missing: ['b'] });
    answered({ leaving: ['b'] });
    expect(lines).toEqual([
      'info: discovery: tritons.example:8001 has a, b, c',
      'info: discovery: tritons.example:8001 lacks b',
      'warn: discovery: gone from tritons.example:8001, so drained and then forgotten: b',
    ]);
  });

  it('has a line when a name ceases to be answered, for each reason, and when it is answered again', () => {
    const { lines, answered, unanswered } = aLog();
    for (const reason of ['timeout', 'timeout', 'refused', 'refused'] as const) unanswered(reason);
    answered({});
    answered({});
    expect(lines).toEqual([
      'warn: discovery: no answer for tritons.example:8001 (timeout): the servers that were found stay',
      'warn: discovery: no answer for tritons.example:8001 (refused): the servers that were found stay',
      'info: discovery: tritons.example:8001 is answered again',
    ]);
  });

  it('has a line when more than half vanish, and when servers are left out, until that changes', () => {
    const { lines, answered } = aLog();
    for (let nth = 0; nth < 3; nth += 1) answered({ isMost: true, leftOut: 2 });
    answered({});
    answered({ leftOut: 1 });
    expect(lines).toEqual([
      'warn: discovery: more than half of the servers of tritons.example:8001 vanished at once: nothing is drained that has not been missing for 60 s',
      'warn: discovery: 2 servers of tritons.example:8001 are left out: they are malformed, or more than may be found in all',
      'warn: discovery: 1 servers of tritons.example:8001 are left out: they are malformed, or more than may be found in all',
    ]);
  });

  it('names ten servers, and counts the others', () => {
    const { lines, answered } = aLog();
    answered({ found: Array.from({ length: 12 }, (_, nth) => `s${nth}`) });
    expect(lines).toEqual([
      'info: discovery: tritons.example:8001 has s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 2 more',
    ]);
  });
});
