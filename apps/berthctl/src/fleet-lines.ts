import { type Column, type FleetMessage, table } from '#contracts';

type Device = FleetMessage['devices'][number];
type Awaited = NonNullable<FleetMessage['unloadsWaitFor']>[number];
type Host = FleetMessage['hosts'][number];

/** The whole picture: a few lines, each device with its memory, and each host whose memory is enforced. */
export function fleetLines(fleet: FleetMessage): string[] {
  const { leader, waiting, loadsInFlight, devices, hosts, frozen } = fleet;
  return [
    `fleet      ${fleet.fleet}`,
    `leader     ${leader.id}, term ${leader.term}`,
    `replicas   ${phases(fleet.replicas)}`,
    `requests   ${waiting} waiting`,
    `loads      ${loadsInFlight} in flight`,
    ...(frozen ? [`frozen     since ${frozen.since}: ${frozen.reason}`] : []),
    ...(fleet.unloadsWaitFor ?? []).map(waitLine),
    '',
    ...(devices.length > 0 ? table(COLUMNS, devices) : ['no devices are known yet']),
    ...(hosts.length > 0 ? ['', ...table(HOST_COLUMNS, hosts)] : []),
  ];
}

function waitLine({ watcher, kind, berth, acknowledges, copies, since }: Awaited): string {
  const who = kind === 'peer' ? `Berth ${watcher}` : `gateway ${watcher} of ${berth}`;
  const how = acknowledges ? '' : ', which acknowledges nothing';
  return `unloads    ${copies} wait since ${since} for ${who}${how}`;
}

function phases(replicas: FleetMessage['replicas']): string {
  const present = Object.entries(replicas).filter(([, count]) => count > 0);
  return present.map(([phase, count]) => `${count} ${phase}`).join(', ') || 'none';
}

const mib = (amount: number | null): string => (amount === null ? '' : `${amount} MiB`);

/** Nothing is measured on a host: all of it is as declared and booked. */
const HOST_COLUMNS: readonly Column<Host>[] = [
  { title: 'HOST', cell: ({ host }) => host },
  { title: 'BASIS', cell: ({ basis }) => basis },
  { title: 'CAPACITY', cell: ({ capacityMb }) => mib(capacityMb) },
  { title: 'HELD', cell: ({ heldMb }) => mib(heldMb) },
  { title: 'PROMISED', cell: ({ promisedMb }) => mib(promisedMb) },
  { title: 'FREE', cell: ({ freeMb }) => mib(freeMb) },
];

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
