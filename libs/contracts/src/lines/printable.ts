/** What steers a terminal, or hides on it: controls, directions of writing, joiners, separators, half characters. */
const UNSHOWN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A line in which nothing steers the terminal. Escaped the way JSON does it, so that a line of JSON stays one. */
export const printable = (line: string): string =>
  line.replace(UNSHOWN, (found) => found.split('').map(escaped).join(''));

/** Long texts are cut: a table is as wide as its widest cell. */
export const clipped = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most)}...` : text;

const escaped = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** `1 turn`, `2 turns`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
