import type { KnownPeers } from '#engine';
import type { Rows } from './rows.js';

const PREFIX = 'peer/';
/** The key says all. */
const THERE = '{}';

/** The peers that may have a table, kept. */
export class PeerStore implements KnownPeers {
  constructor(private readonly rows: Rows) {}

  async read(): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    for await (const { key } of this.rows.read(PREFIX)) names.add(key.slice(PREFIX.length));
    return names;
  }

  async keep(name: string): Promise<void> {
    await this.rows.write([{ key: `${PREFIX}${name}`, text: THERE }]);
  }

  async forget(name: string): Promise<void> {
    await this.rows.write([{ key: `${PREFIX}${name}`, text: null }]);
  }
}
