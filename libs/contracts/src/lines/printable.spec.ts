import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clipped, printable } from './printable.js';

describe('a printable line', () => {
  it.each([
    ['an escape sequence', '\u001b[31mred\u001b[0m', '\\u001b[31mred\\u001b[0m'],
    ['a bell and a new line', 'a\u0007\nb', 'a\\u0007\\u000ab'],
    ['an 8-bit control', 'a\u009b2J', 'a\\u009b2J'],
    ['a right-to-left override', 'user\u202etxt.exe', 'user\\u202etxt.exe'],
    ['a tag beyond the first plane', 'a\u{e0041}', 'a\\udb40\\udc41'],
    ['half a character', 'a\ud800', 'a\\ud800'],
  ])('shows %s instead of obeying it', (_, line, shown) => {
    expect(printable(line)).toBe(shown);
  });

  it('leaves what people write as it is', () => {
    expect(printable('résumé, 模型 "x" \\n 🙂')).toBe('résumé, 模型 "x" \\n 🙂');
  });

  it('keeps JSON what it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = printable(JSON.stringify({ text }));
        expect(JSON.parse(line)).toEqual({ text });
        // eslint-disable-next-line no-control-regex -- they are what must not be there
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
  });

  it('is cut where it is too long', () => {
    expect([clipped('abc', 3), clipped('abcd', 3)]).toEqual(['abc', 'abc...']);
  });
});
