import type { Bytes } from '../fleet/model.js';
import type { Device, Server } from '../fleet/server.js';

/**
 * What is wrong with a device. `overcommitted`: more is held than its capacity. `miscounted`: the metrics show another
 * number of GPUs than before. `unmapped`: it cannot be told which GPU of the metrics it is. `unmeasured`: the metrics
 * say nothing of it. `residue`: unloads did not give back more than a tenth of it.
 */
export type DeviceFlag = 'overcommitted' | 'miscounted' | 'unmapped' | 'unmeasured' | 'residue';

/** With more residue than this part of a device its server needs a restart. */
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

/** Whether a server needs a restart for the residue on some device. */
export const needsRestart = (server: Server): boolean =>
  (server.devices ?? []).some((device) => hasResidue(server, device));
