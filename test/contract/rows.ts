import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Row, Rows } from '#store';

/** A place where rows are kept: what was written there is found by the next that opens it. */
export interface RowsStage {
  open(): Promise<Rows>;
  /** Takes the place down. */
  end(): Promise<void>;
}

/** What a test works with: the rows that are open now, and how to begin their next life. */
interface Subject {
  rows: Rows;
  stage: RowsStage;
}

/** What every place to keep rows has to do. */
export function rowsKeepTheirPromises(name: string, begin: () => Promise<RowsStage>): void {
  describe(`rows in ${name}`, () => {
    const subject = {} as Subject;

    beforeEach(async () => {
      subject.stage = await begin();
      subject.rows = await subject.stage.open();
    });

    afterEach(async () => {
      await subject.rows.close();
      await subject.stage.end();
    });

    areWritten(subject);
    areRead(subject);
    areClosed(subject);
  });
}

function areWritten(subject: Subject): void {
  it('are there once written, and in the next life', async () => {
    const { rows } = subject;
    await rows.write([put('a', '1'), put('b', '2')]);
    expect([await rows.get('a'), await rows.get('b'), await rows.get('c')]).toEqual(['1', '2', undefined]);
    await reopen(subject);
    expect(await all(subject.rows, '')).toEqual([put('a', '1'), put('b', '2')]);
  });

  it('are replaced, and removed with null', async () => {
    const { rows } = subject;
    await rows.write([put('a', '1'), put('b', '2')]);
    await rows.write([put('a', '3'), gone('b'), gone('never there')]);
    expect(await all(rows, '')).toEqual([put('a', '3')]);
  });

  it('take the later of two writes to one key, also within a batch', async () => {
    const { rows } = subject;
    await rows.write([put('a', '1'), gone('a'), put('a', '2'), put('b', '1'), gone('b')]);
    expect(await all(rows, '')).toEqual([put('a', '2')]);
    await rows.write([put('a', '3')]);
    expect(await all(rows, '')).toEqual([put('a', '3')]);
  });

  it('are written in the order of the calls', async () => {
    const { rows } = subject;
    await Promise.all(Array.from({ length: 20 }, (_, at) => rows.write([put('a', `${at}`)])));
    expect(await rows.get('a')).toBe('19');
  });
}

function areRead(subject: Subject): void {
  it('are none at first, nor where none were written', async () => {
    const { rows } = subject;
    await rows.write([]);
    expect(await all(rows, '')).toEqual([]);
    expect(await rows.get('a')).toBeUndefined();
  });

  it('are read by the beginning of their keys, in the order of the bytes', async () => {
    const { rows } = subject;
    const keys = ['x/b', 'x/ä', 'x/\u{1F600}', 'x/\uFFFD', 'x/', 'x', 'x0', 'w/z', 'x/a', 'x/B'];
    await rows.write(keys.map((key) => put(key, key)));
    const found = (await all(rows, 'x/')).map(({ key }) => key);
    expect(found).toEqual(['x/', 'x/B', 'x/a', 'x/b', 'x/ä', 'x/\uFFFD', 'x/\u{1F600}']);
    expect(await all(rows, '')).toHaveLength(keys.length);
    expect(await all(rows, 'nothing/')).toEqual([]);
  });

  it('keep texts as they are: empty ones, long ones, ones of all characters', async () => {
    const texts = ['', '\u0000', 'a\u0000b', '\u{1F600}\n\r\t"\\', 'x'.repeat(300_000)];
    await subject.rows.write(texts.map((text, at) => put(`t/${at}`, text)));
    await reopen(subject);
    expect((await all(subject.rows, 't/')).map(({ text }) => text)).toEqual(texts);
  });

  it('hold many, of which reading may be given up half-way', async () => {
    const { rows } = subject;
    const many = Array.from({ length: 2_500 }, (_, at) => put(`m/${String(at).padStart(5, '0')}`, `${at}`));
    await rows.write(many);
    expect(await all(rows, 'm/')).toEqual(many);
    for await (const row of rows.read('m/')) {
      expect(row).toEqual(many[0]);
      break;
    }
    await rows.write([put('m/00000', 'changed')]);
    expect(await rows.get('m/00000')).toBe('changed');
  });
}

function areClosed(subject: Subject): void {
  it('have what was begun before they were closed, and take nothing more', async () => {
    const { rows, stage } = subject;
    const begun = rows.write([put('a', '1')]);
    await rows.close();
    await begun;
    await expect(rows.write([put('a', '2')])).rejects.toThrow();
    await expect(rows.get('a')).rejects.toThrow();
    await rows.close();
    subject.rows = await stage.open();
    expect(await subject.rows.get('a')).toBe('1');
  });
}

async function reopen(subject: Subject): Promise<void> {
  await subject.rows.close();
  subject.rows = await subject.stage.open();
}

const put = (key: string, text: string): Row => ({ key, text });
const gone = (key: string) => ({ key, text: null });

async function all(rows: Rows, prefix: string): Promise<readonly Row[]> {
  const found: Row[] = [];
  for await (const row of rows.read(prefix)) found.push(row);
  return found;
}
