import { describe, expect, it } from '@jest/globals';
import { soleLeadership } from '#engine';
import { StoreUnavailable } from '#store';
import { config, Gated, open } from '../../../../../test/support/gated-process.js';
import '../../app.module.js';
import { LeaderTerm } from './leader-term.js';
import { askedOfTerms } from '../../cluster/leadership/per-term.js';

const WON = { name: 'p', isCleanRelease: true, lastRenewalSeenAt: 0 };

describe('the beginning of a term that fails', () => {
  it('leaves nothing of itself at whichever step, and may be tried again', async () => {
    const process = new Gated();
    const shared = await process.shared();
    for (let step = 0, hasBegun = false; !hasBegun; step += 1) {
      let left = step;
      process.gate = async (of) => {
        await of.catch(() => undefined);
        if ((left -= 1) === -1) throw new StoreUnavailable('memory', new Error(`step ${step}`));
        return of;
      };
      process.term = 1;
      const timers = timersNow();
      const begun = await process
        .openStore(soleLeadership(1))
        .then((store) => LeaderTerm.begin(shared, config, store, WON))
        .catch((error: unknown) => (expect(error).toBeInstanceOf(StoreUnavailable), null));
      process.gate = open;
      if (begun === null) {
        expect(process.servers.every(({ isClosed }) => isClosed)).toBe(true);
        expect(timersNow()).toBe(timers);
        continue;
      }
      hasBegun = true;
      expect(step).toBeGreaterThan(3);
      for (const type of askedOfTerms()) expect(begun.get(type)).toBeInstanceOf(type);
      await begun.stop('shutting_down');
      await begun.close();
      expect(timersNow()).toBe(timers);
      expect(process.servers.every(({ isClosed }) => isClosed)).toBe(true);
    }
  });
});

const timersNow = (): number =>
  globalThis.process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
