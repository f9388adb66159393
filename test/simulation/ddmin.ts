/** Whether what is left still shows what is looked for. */
export type StillShows<Item> = (left: readonly Item[]) => Promise<boolean>;

/** How many tries a reduction may take; shared by all of its steps. */
export class Tries {
  private spent = 0;

  /** @param mayGoOn asked before each try: time may be bounded, too */
  constructor(
    private readonly most: number,
    private readonly mayGoOn: () => boolean = () => true,
  ) {}

  get used(): number {
    return this.spent;
  }

  /** Takes one; false where none is left. */
  take(): boolean {
    if (this.spent >= this.most || !this.mayGoOn()) return false;
    this.spent += 1;
    return true;
  }
}

/**
 * Leaves out of a list all that it does without (delta debugging): large pieces first, then smaller ones, until no
 * single item can go any more or the tries are used up. The order of what is left stays.
 */
export async function ddmin<Item>(
  items: readonly Item[],
  stillShows: StillShows<Item>,
  tries: Tries,
): Promise<readonly Item[]> {
  let left = items;
  for (let size = left.length; size >= 1;) {
    const fewer = await withoutPieces(left, size, stillShows, tries);
    const isDone = fewer.length === left.length;
    left = fewer;
    // Once single items go, others may go for their sake: only a round without any is the last.
    size = size > 1 ? Math.ceil(Math.min(size, left.length) / 2) : isDone ? 0 : 1;
  }
  return left;
}

/** One round: tries to do without each piece of that size. */
async function withoutPieces<Item>(
  items: readonly Item[],
  size: number,
  stillShows: StillShows<Item>,
  tries: Tries,
): Promise<readonly Item[]> {
  let left = items;
  for (let from = 0; from < left.length;) {
    const rest = [...left.slice(0, from), ...left.slice(from + size)];
    if (!tries.take()) return left;
    if (await stillShows(rest)) left = rest;
    else from += size;
  }
  return left;
}
