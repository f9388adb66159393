import type { HostMemory } from '#core';
import type { HostMemoryMessage } from '#contracts';
import { mib } from '../models/core-model.js';

/** The memory of a host as it is told. */
export function hostMemoryView({
  host,
  capacity,
  held,
  promised,
  free,
  basis,
}: HostMemory): HostMemoryMessage {
  return {
    host,
    capacityMb: mib(capacity),
    heldMb: mib(held),
    promisedMb: mib(promised),
    freeMb: Math.max(0, mib(free)),
    basis,
  };
}
