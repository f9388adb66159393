/** The command line, or a file that it names, is wrong: no request was sent. Each further line tells more of it. */
export class Usage extends Error {
  override readonly name = 'Usage';
  constructor(
    message: string,
    readonly hints: readonly string[] = [],
  ) {
    super(message);
  }
}

/** What was asked for did not happen; each further line helps. */
export class Failed extends Error {
  override readonly name = 'Failed';
  constructor(
    message: string,
    readonly hints: readonly string[] = [],
  ) {
    super(message);
  }
}

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
