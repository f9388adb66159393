import type { Job } from 'bullmq';
import { z } from 'zod';
import type { NewWarmup, Warmup, WarmEnd, WarmupState } from '#engine';

const dataSchema = z.object({ at: z.string(), credential: z.string(), models: z.array(z.string()).min(1) });
const endsSchema = z.array(z.string().nullable());

/** What a job holds of a warm-up; its id is that of the job. */
export type WarmupData = Omit<NewWarmup, 'id'>;

/** What a job returns. It counts in place of the progress, which another peer may have told late. */
export interface WarmupResult {
  readonly state: 'done' | 'cancelled';
  readonly ends: readonly WarmEnd[];
}

export type WarmupJob = Job<WarmupData, WarmupResult | null>;

/** What is to be done of a warm-up. Throws where the job is none that Berth has added. */
export function toDo(job: WarmupJob): NewWarmup & { readonly ends: readonly WarmEnd[] } {
  const { at, credential, models } = dataSchema.parse(job.data);
  const ends = endsIn(job.returnvalue?.ends ?? job.progress, models.length);
  return { id: job.id!, at, credential, models, ends };
}

/** A warm-up as it stands. */
export function warmupOf(job: WarmupJob, isCancelled: boolean): Warmup {
  const warmup = toDo(job);
  const endedAt = job.finishedOn ? new Date(job.finishedOn).toISOString() : null;
  return { ...warmup, endedAt, state: stateOf(job, warmup.ends, isCancelled) };
}

function stateOf(job: WarmupJob, ends: readonly WarmEnd[], isCancelled: boolean): WarmupState {
  // A job that was tried again keeps the reason of its last failure.
  if (job.finishedOn) return job.returnvalue?.state ?? 'failed';
  if (isCancelled) return 'cancelled';
  return job.processedOn || ends.some((end) => end !== null) ? 'running' : 'waiting';
}

/** A job that has not begun has no progress. */
function endsIn(progress: unknown, models: number): readonly WarmEnd[] {
  const read = endsSchema.safeParse(progress);
  if (read.success && read.data.length === models) return read.data;
  return Array.from<WarmEnd>({ length: models }).fill(null);
}
