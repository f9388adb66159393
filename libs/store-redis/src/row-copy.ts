import { type Row, ROWS_ON_REQUEST, type RowWrite } from '#store';

/**
 * All rows but those of which there may be too many, in the memory of the leader: they are read from here, and written again
 * where Redis has lost writes.
 */
export class RowCopy {
  private readonly texts = new Map<string, string>();

  apply(batch: readonly RowWrite[]): void {
    for (const { key, text } of batch) {
      if (isOnRequest(key)) continue;
      if (text === null) this.texts.delete(key);
      else this.texts.set(key, text);
    }
  }

  get(key: string): string | undefined {
    return this.texts.get(key);
  }

  rows(prefix = ''): Row[] {
    const all = Array.from(this.texts, ([key, text]) => ({ key, text }));
    return prefix === '' ? all : all.filter(({ key }) => key.startsWith(prefix));
  }
}

/** Whether a row, or each row of a kind, is not in the copy. */
export const isOnRequest = (key: string): boolean => ROWS_ON_REQUEST.some((prefix) => key.startsWith(prefix));

/** The kind of a row: its key up to the second slash, or the first, or nothing. */
export const kindOf = (key: string): string => /^(?:[^/]*\/){1,2}/.exec(key)?.[0] ?? '';
