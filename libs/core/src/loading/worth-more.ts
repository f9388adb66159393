import type { Instant } from '../fleet/model.js';
import type { Job } from './job.js';
import type { Leavable } from './leavable.js';

/**
 * A copy in use leaves for a job of its class only where it is worth at most so many times the job: two counts of some minutes
 * differ by chance, and without a margin half of the models are shut out under equal demand.
 */
const MARGIN = 2;

/** From when on a copy in use may be told to leave for a job, by what both are worth: at the latest when the job starves. */
export const worthTakingFrom = (copy: Leavable, job: Job): Instant =>
  job.isOrdered || copy.rank < job.rank || copy.worth <= MARGIN * job.worth ? -Infinity : job.starvesFrom;
