import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { type LogLine, logLinesIn, logLinesOf } from './log-lines.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const GUIDE = 'docs/operations.md';

describe('docs/operations.md, log lines', () => {
  const logged = logLinesIn(ROOT, ['apps/scheduler/src', 'libs']);
  const rows = rowsOf(readFileSync(`${ROOT}/${GUIDE}`, 'utf8'));

  it('has a row for every line that the service can log, with its level and fields', () => {
    const missing = logged.filter((line) => !rows.includes(rowOf(line)));
    expect(
      missing.map((line) => `${line.at}: add to "Log lines" of ${GUIDE}: ${rowOf(line)} WHAT TO DO |`),
    ).toEqual([]);
  });

  it('has no row for a line that is gone', () => {
    const known = new Set(logged.map(rowOf));
    const gone = rows.filter((row) => !known.has(row));
    expect(
      gone.map((row) => `take out of "Log lines" of ${GUIDE}, or mend level and fields: ${row}`),
    ).toEqual([]);
  });
});

describe('the reader of log lines', () => {
  const read = (text: string): string[] => logLinesOf('x.ts', text).map(rowOf);

  it('tells what varies, the levels and the fields', () => {
    expect(read('this.log.warn({ server: id, flag }, `server ${id}: ${flag}`);')).toEqual([
      '| `server …: …` | warn | `flag`, `server` |',
    ]);
    expect(read("log[isBad ? 'error' : 'info']('one');")).toEqual(['| `one` | error, info | - |']);
  });

  it('looks names up, and tells both branches', () => {
    expect(read("const facts = { a, b: 1 };\nconst words = x ? 'p' : 'q';\nlog.info(facts, words);")).toEqual(
      ['| `p` | info | `a`, `b` |', '| `q` | info | `a`, `b` |'],
    );
  });

  it('leaves out what is handed on, and what is no log', () => {
    expect(
      read("log.info({ a }, message); console.log('x'); Math.log(1); this.options.log?.(`${a} is odd`);"),
    ).toEqual(['| `… is odd` | warn | `server` |']);
  });
});

function rowOf({ message, levels, fields }: LogLine): string {
  const named =
    fields === ''
      ? '-'
      : fields
          .split(', ')
          .map((field) => `\`${field}\``)
          .join(', ');
  return `| \`${message}\` | ${levels} | ${named} |`;
}

/** The rows of the section, without their padding and last cell. */
function rowsOf(guide: string): string[] {
  const section = /^## Log lines$([\s\S]*?)(?=^##)/m.exec(guide)?.[1] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map(
      (line) =>
        `| ${line
          .split('|')
          .slice(1, 4)
          .map((cell) => cell.trim())
          .join(' | ')} |`,
    );
}
