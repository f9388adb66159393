/** A word of a script: what kind it is, and how it is written. A text is without its quotes. */
export interface Word {
  readonly kind: 'name' | 'number' | 'text' | 'sign' | 'end';
  readonly text: string;
}

const PATTERN = /\s*(?:([A-Za-z_]\w*)|(\d+)|'([^']*)'|(\.\.|[~=<>]=|[-+*/<>=#(){}[\],.]))/y;
const KINDS = ['name', 'number', 'text', 'sign'] as const;

/** The words of a script, with one more for its end. */
export function wordsOf(script: string): readonly Word[] {
  const words: Word[] = [];
  const text = script.trimEnd();
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < text.length) {
    const from = PATTERN.lastIndex;
    const [, ...found] = PATTERN.exec(text) ?? [];
    const at = found.findIndex((one) => one !== undefined);
    if (at < 0) throw new Error(`no Lua that is known here: ${text.slice(from, from + 40)}`);
    words.push({ kind: KINDS[at]!, text: found[at]! });
  }
  return [...words, { kind: 'end', text: '' }];
}
