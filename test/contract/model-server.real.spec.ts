import { describeReal } from '../support/real-triton.js';
import { modelServerContract } from './model-server.js';
import { realStage } from './real-stage.js';

describeReal('the contract', (kit) => {
  modelServerContract('a real Triton', (options) => realStage(kit, options));
});
