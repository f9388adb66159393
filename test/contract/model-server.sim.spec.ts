import { modelServerContract } from './model-server.js';
import { simStage } from './sim-stage.js';

modelServerContract('the simulated Triton', simStage);
