import type { Bytes } from '../fleet/model.js';
import type { Device, Server } from '../fleet/server.js';

/**
 * What is odd about a device: more is held than it has left for us; the metrics show another number of GPUs than its
 * server was found with; it cannot be told which of the metrics' GPUs it is; the metrics say nothing of it; more than a
 * tenth of it was not given back by unloads.
 */
export type DeviceFlag = 'overcommitted' | 'miscounted' | 'unmapped' | 'unmeasured' | 'residue';

/** Of more residue than this part of a device only a restart of its server helps. */
const RESIDUE_BOUND = 0.1;

export function deviceFlags(
  server: Server,
  device: Device,
  { capacity, held }: { readonly capacity: Bytes; readonly held: Bytes },
): DeviceFlag[] {
  const isMiscounted = (server.found?.other ?? null) !== null;
  const isBlind = device.kind === 'gpu' && device.used === null && server.looked;
  const isUnmapped = server.metricsAnswered && device.uuid === null;
  const flags: [DeviceFlag, boolean][] = [
    ['overcommitted', held > capacity],
    ['miscounted', isMiscounted],
    ['unmapped', isBlind && isUnmapped && !isMiscounted],
    ['unmeasured', isBlind && !isUnmapped && !isMiscounted],
    ['residue', hasResidue(server, device)],
  ];
  return flags.flatMap(([flag, isSet]) => (isSet ? [flag] : []));
}

const hasResidue = (server: Server, { ordinal, capacity }: Device): boolean =>
  (server.meters.get(ordinal)?.residue ?? 0) > RESIDUE_BOUND * capacity;

/** Whether unloads gave back so little of some device that its server should be restarted. */
export const isWornOut = (server: Server): boolean =>
  (server.devices ?? []).some((device) => hasResidue(server, device));
