/** What the help of a command ends with: command lines as one would write them. */
export const example = (...lines: readonly string[]): string =>
  ['', lines.length > 1 ? 'Examples:' : 'Example:', ...lines.map((line) => `  $ berthctl ${line}`)].join(
    '\n',
  );
