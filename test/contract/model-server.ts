import { describe } from '@jest/globals';
import { configsContract } from './configs.js';
import { foundContract } from './found.js';
import { livesContract } from './lives.js';
import { looksContract } from './looks.js';
import { ordersContract } from './orders.js';
import { secondLookContract } from './second-look.js';
import type { MakeStage } from './stage.js';

/** What the adapter must find in any Triton: the same for the simulated and the real one, which keeps the first honest. */
export function modelServerContract(name: string, makeStage: MakeStage): void {
  describe(`${name}:`, () => {
    ordersContract(makeStage);
    looksContract(makeStage);
    configsContract(makeStage);
    foundContract(makeStage);
    secondLookContract(makeStage);
    livesContract(makeStage);
  });
}
