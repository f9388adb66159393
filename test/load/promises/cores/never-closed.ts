import { Ledger as RealLedger } from '../../../../libs/core/src/memory/ledger.js';
import type { ledger } from './stood-in.js';
export * from '../../../../libs/core/src/memory/ledger.js';

/** Stands in for the ledger: loads begin on devices that are closed, too. */
export class Ledger extends RealLedger implements ledger.Ledger {
  override of(account: Parameters<RealLedger['of']>[0]): ReturnType<RealLedger['of']> {
    return Object.assign(super.of(account), { withheld: 0 });
  }
}
