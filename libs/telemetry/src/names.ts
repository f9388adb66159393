/** Bound of names with a series of their own. */
const MAX_NAMES = 5_000;

/** The name that stands for all the others. */
export const OTHER = '_other';

/** Keeps label values within bounds: the first so many names are told, the rest count as one. */
export class Names {
  private readonly known = new Set<string>();

  constructor(private readonly most = MAX_NAMES) {}

  told(name: string): string {
    if (this.known.has(name)) return name;
    if (this.known.size >= this.most) return OTHER;
    this.known.add(name);
    return name;
  }
}
