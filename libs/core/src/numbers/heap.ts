/**
 * Takes things out in order, the first first. Where most are never taken that costs less than to sort them all; what is
 * found meanwhile joins.
 */
export class Heap<T> {
  /** A tree: no item comes before its parent, which is at half its place. */
  private readonly tree: T[];

  constructor(
    private readonly compare: (one: T, other: T) => number,
    items: Iterable<T>,
  ) {
    this.tree = [...items];
    for (let at = (this.tree.length >> 1) - 1; at >= 0; at -= 1) this.sink(at);
  }

  add(item: T): void {
    const { tree, compare } = this;
    let at = tree.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (compare(tree[parent]!, item) <= 0) break;
      tree[at] = tree[parent]!;
      at = parent;
    }
    tree[at] = item;
  }

  /** The first of all; undefined where nothing is left. Of those that compare alike any may come first. */
  take(): T | undefined {
    const [first] = this.tree;
    const last = this.tree.pop();
    if (this.tree.length > 0) {
      this.tree[0] = last!;
      this.sink(0);
    }
    return first;
  }

  private sink(from: number): void {
    const { tree, compare } = this;
    const item = tree[from]!;
    let at = from;
    for (let child = this.firstChild(at); child < tree.length; child = this.firstChild(at)) {
      if (compare(item, tree[child]!) <= 0) break;
      tree[at] = tree[child]!;
      at = child;
    }
    tree[at] = item;
  }

  /** Which of the two below a place comes first; past the end where there is none. */
  private firstChild(at: number): number {
    const { tree, compare } = this;
    const [left, right] = [2 * at + 1, 2 * at + 2];
    return right < tree.length && compare(tree[right]!, tree[left]!) < 0 ? right : left;
  }
}
