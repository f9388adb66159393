import type { Removal, Scaling } from '#core';
import type { ScalingMessage } from '#contracts';

const MIB = 2 ** 20;

/** The numbers as they are told; memory is rounded up. */
export const scalingView = (
  scaling: Scaling,
  wanted: number,
  removals: readonly Removal[],
): ScalingMessage => ({
  serversWanted: wanted,
  serversWantedNow: scaling.wanted,
  serversPresent: scaling.present,
  wantedMb: inMib(scaling.wantedBytes),
  queuedMb: inMib(scaling.queuedBytes),
  heldMb: inMib(scaling.heldBytes),
  capacityMb: Number.isFinite(scaling.capacityBytes) ? Math.floor(scaling.capacityBytes / MIB) : 0,
  requestsWaiting: scaling.waiting,
  loadSlotsTaken: scaling.loadsRunning,
  loadSlots: scaling.loadSlots,
  removal: removals.map(({ server, cost, reason, models, bytes }) => ({
    ...{ server, costMs: cost, reason, models },
    memoryMb: inMib(bytes),
  })),
});

const inMib = (bytes: number): number => Math.ceil(bytes / MIB);
