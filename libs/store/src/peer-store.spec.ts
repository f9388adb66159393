import { describe, expect, it } from '@jest/globals';
import { MemoryRows } from '#triton-simulator';
import { PeerStore } from './peer-store.js';

describe('the peers that may have a table', () => {
  it('are kept until they are forgotten, beside all other rows', async () => {
    const rows = new MemoryRows();
    const peers = new PeerStore(rows);
    await rows.write([{ key: 'told/model/peer', text: '{}' }]);
    expect(await peers.read()).toEqual(new Set());
    await peers.keep('a');
    await peers.keep('b-7081');
    await peers.keep('a');
    expect(await new PeerStore(rows).read()).toEqual(new Set(['a', 'b-7081']));
    await peers.forget('a');
    await peers.forget('never there');
    expect(await peers.read()).toEqual(new Set(['b-7081']));
  });
});
