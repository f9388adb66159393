import { tableOf, type Value } from './lua-values.js';

/** A command that changed something. Replicas carry out the same. */
export type Effect = readonly string[];

/** What one Redis server holds: texts and hashes by their keys. */
export class Keyspace {
  private constructor(
    private readonly texts = new Map<string, string>(),
    private readonly hashes = new Map<string, Map<string, string>>(),
  ) {}

  static empty(): Keyspace {
    return new Keyspace();
  }

  copy(): Keyspace {
    const hashes = Array.from(this.hashes, ([key, hash]) => [key, new Map(hash)] as const);
    return new Keyspace(new Map(this.texts), new Map(hashes));
  }

  get(key: string): string | undefined {
    return this.texts.get(key);
  }

  field(key: string, field: string): string | undefined {
    return this.hashes.get(key)?.get(field);
  }

  fields(key: string): readonly (readonly [string, string])[] {
    return [...(this.hashes.get(key) ?? [])];
  }

  /** A command that a script calls. What changes something is added to the effects. */
  call(effects: Effect[], command: string, args: readonly string[]): Value {
    switch (command) {
      case 'GET':
        return this.get(args[0]!) ?? false;
      case 'HGET':
        return this.field(args[0]!, args[1]!) ?? false;
      default:
        effects.push([command, ...args]);
        this.carryOut(effects.at(-1)!);
        return tableOf(['OK']);
    }
  }

  carryOut([command, key = '', ...args]: Effect): void {
    switch (command) {
      case 'SET':
        return void this.texts.set(key, args[0]!);
      case 'DEL':
        this.texts.delete(key);
        return void this.hashes.delete(key);
      case 'HSET':
        return this.setFields(key, args);
      case 'HDEL':
        return void this.hashes.get(key)?.delete(args[0]!);
      default:
        throw new Error(`the simulated Redis does not know ${command}`);
    }
  }

  private setFields(key: string, pairs: readonly string[]): void {
    const hash = this.hashes.get(key) ?? new Map<string, string>();
    this.hashes.set(key, hash);
    for (let at = 0; at < pairs.length; at += 2) hash.set(pairs[at]!, pairs[at + 1]!);
  }
}
