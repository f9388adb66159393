/** Gives out items in order. Where most are never taken that costs less than sorting. Items may be added meanwhile. */
export class Heap<T> {
  /** A binary tree in an array: the parent of an item is at half its index, and no item comes before its parent. */
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

  /** Removes and returns the first item; undefined where none is left. Of equal items any may come first. */
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

  /** The index of that child which comes first; an index past the end where there is no child. */
  private firstChild(at: number): number {
    const { tree, compare } = this;
    const [left, right] = [2 * at + 1, 2 * at + 2];
    return right < tree.length && compare(tree[right]!, tree[left]!) < 0 ? right : left;
  }
}
