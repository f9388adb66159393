import type { FleetMessage } from '#contracts';
import { type Column, table } from './table.js';

type Device = FleetMessage['devices'][number];

/** The whole picture: a few lines, and each device with its memory. */
export function fleetLines(fleet: FleetMessage): string[] {
  const { leader, waiting, loadsInFlight, devices, frozen } = fleet;
  return [
    `fleet      ${fleet.fleet}`,
    `leader     ${leader.id}, term ${leader.term}`,
    `replicas   ${phases(fleet.replicas)}`,
    `requests   ${waiting} waiting`,
    `loads      ${loadsInFlight} in flight`,
    ...(frozen ? [`frozen     since ${frozen.since}: ${frozen.reason}`] : []),
    '',
    ...(devices.length > 0 ? table(COLUMNS, devices) : ['no devices are known yet']),
  ];
}

function phases(replicas: FleetMessage['replicas']): string {
  const present = Object.entries(replicas).filter(([, count]) => count > 0);
  return present.map(([phase, count]) => `${count} ${phase}`).join(', ') || 'none';
}

const mib = (amount: number | null): string => (amount === null ? '' : `${amount} MiB`);

const COLUMNS: readonly Column<Device>[] = [
  { title: 'SERVER', cell: ({ server }) => server },
  { title: 'DEVICE', cell: ({ ordinal }) => String(ordinal) },
  { title: 'KIND', cell: ({ kind }) => kind },
  { title: 'CAPACITY', cell: ({ capacityMb }) => mib(capacityMb) },
  { title: 'HELD', cell: ({ heldMb }) => mib(heldMb) },
  { title: 'PROMISED', cell: ({ promisedMb }) => mib(promisedMb) },
  { title: 'FREE', cell: ({ freeMb }) => mib(freeMb) },
  { title: 'MEASURED', cell: ({ measuredMb }) => mib(measuredMb) },
  { title: 'FLAGS', cell: ({ flags }) => flags.join(',') },
];
