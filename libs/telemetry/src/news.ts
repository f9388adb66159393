/** Finds what has come under a key, or has changed, since it was asked last. */
export class News<Key> {
  private told: ReadonlyMap<Key, unknown> = new Map();

  /** `factOf`: what of a value counts. */
  in<Value>(present: ReadonlyMap<Key, Value>, factOf: (value: Value) => unknown): [Key, Value][] {
    const { told } = this;
    this.told = new Map(Array.from(present, ([key, value]) => [key, factOf(value)] as const));
    return [...present].filter(([key]) => told.get(key) !== this.told.get(key));
  }
}
