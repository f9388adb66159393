/** What was asked for did not happen; each further line helps. */
export class Failed extends Error {
  constructor(
    message: string,
    readonly hints: readonly string[] = [],
  ) {
    super(message);
  }
}

/** The command line, or a file that it names, is wrong: no request was sent. */
export class Usage extends Failed {}

/** Berth said no, with a reason; the problem is its own words, for programs. */
export class Refused extends Failed {
  constructor(
    readonly problem: unknown,
    message: string,
    hints: readonly string[],
  ) {
    super(message, hints);
  }
}
