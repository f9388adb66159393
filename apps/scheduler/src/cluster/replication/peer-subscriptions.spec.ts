import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ModelId } from '#core';
import { WatchedCore } from '../../../../../test/support/watched-core.js';

/** Times are counted from the order to unload, to whole milliseconds. */
describe('an unload beside a peer that was killed and has started again', () => {
  let unloaded: number[];
  let core: WatchedCore;

  beforeEach(() => {
    unloaded = [];
    core = new WatchedCore(() => unloaded.push(core.now));
    core.tell({ kind: 'LoadOrdered', model: 'a' as ModelId, until: core.now + 60_000 });
    core.pass(2_000);
  });

  const order = (): void => core.tell({ kind: 'UnloadOrdered', model: 'a' as ModelId, force: false });

  it('waits for a lease of its life before that it did not report', () => {
    const peer = core.peers[0]!;
    peer.isCut = true;
    core.pass(900);
    peer.ask('a', 10_000);
    const leasedUntil = peer.leases.at(-1)!.until;
    peer.restart();
    core.pass(100);
    order();
    core.pass(leasedUntil - core.now - 1);
    expect(unloaded).toEqual([]);
    core.pass(3_000);
    expect(unloaded).toHaveLength(1);
  });

  it('waits no longer for it than from its last word where it had ended', () => {
    const peer = core.peers[0]!;
    core.subscriptions.report(peer.name, { ...LAST_WORD, version: peer.table.version }, core.now);
    peer.isCut = true;
    const endedAt = core.now;
    core.pass(8_000);
    peer.restart();
    order();
    core.pass(4_500);
    expect(unloaded.map((at) => at - endedAt)).toEqual([expect.any(Number)]);
    expect(unloaded[0]! - endedAt).toBeGreaterThanOrEqual(10_000);
  });

  it('does not wait where only the stream was opened anew', () => {
    core.peers[0]!.reopen();
    order();
    core.pass(1_500);
    expect(unloaded).toHaveLength(1);
  });
});

const LAST_WORD = { number: 0, uses: [], doubted: [], awaited: [], isEnding: true } as const;
