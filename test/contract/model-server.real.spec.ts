import { jest } from '@jest/globals';
import { describeReal } from '../support/real-triton.js';
import { modelServerContract } from './model-server.js';
import { realStage } from './real-stage.js';

jest.setTimeout(60_000);

describeReal('the contract', (kit) => {
  modelServerContract('a real Triton', (options) => realStage(kit, options));
});
