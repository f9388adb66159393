import type { admission } from './stood-in.js';
export * from '../../../../libs/core/src/answers/admission.js';

/** Stands in for the admission: no request is refused for want of time, and none is promised anything. */
export const admit: typeof admission.admit = (fleet, line) => {
  for (const { id, model } of fleet.waiting.values()) {
    if (fleet.promises.has(id)) continue;
    fleet.promises.set(id, null);
    const want = line.wantOf(model);
    if (!want || line.of(model)?.job.placed) continue;
    const { count, ...others } = line.waitingFor(model);
    line.put(line.jobs.of(want, { ...others, count: count + 1 }));
  }
  return [];
};
