import type { ServerRoom } from './supply.js';
import type { ModelNeed } from './model-needs.js';

/** Copies do not fill devices to the last byte: about so much more memory is needed than the copies book. */
const SLACK = 1.05;

/** Copies larger than a half, a third and a quarter of a device: at most one, two and three of them fit on one. */
const MOST_ON_ONE = [1, 2, 3];

/** How many servers with so much room hold what is needed; 1 at least where anything is needed. */
export function serversWanted(needs: readonly ModelNeed[], room: ServerRoom | null): number {
  if (needs.length === 0) return 0;
  if (room === null) return 1;
  const wanted = Math.max(byGpus(needs, room), byHosts(needs, room));
  return Math.max(1, Math.ceil(wanted));
}

function byGpus(needs: readonly ModelNeed[], { gpus, gpuBytes }: ServerRoom): number {
  if (gpus === 0 || gpuBytes <= 0) return 0;
  const bytes = needs.reduce((sum, need) => sum + need.gpus * need.gpuBytes, 0);
  const large = MOST_ON_ONE.map((most) => {
    const limit = gpuBytes / gpus / (most + 1);
    const copies = needs.reduce((sum, need) => sum + (need.gpuBytes > limit ? need.gpus : 0), 0);
    return copies / most / gpus;
  });
  return Math.max((SLACK * bytes) / gpuBytes, ...large);
}

function byHosts(needs: readonly ModelNeed[], { hostBytes }: ServerRoom): number {
  if (hostBytes <= 0 || hostBytes === Infinity) return 0;
  return (SLACK * needs.reduce((sum, need) => sum + need.hostBytes, 0)) / hostBytes;
}
