import {
  away,
  type Column,
  type DeviceMessage,
  type HostMemoryMessage,
  type ServerMessage,
  table,
} from '#contracts';

/** Servers as people read them; nothing where there is none. */
export function serverTable(servers: readonly ServerMessage[], now: number): string[] {
  if (servers.length === 0) return [];
  const isTroubled = servers.some(({ trouble }) => trouble != null);
  return table(isTroubled ? [...columns(now), TROUBLE] : columns(now), servers);
}

const columns = (now: number): Column<ServerMessage>[] => [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'GRPC', cell: ({ grpc }) => grpc },
  { title: 'VERSION', cell: ({ version }) => version ?? '' },
  { title: 'DEVICES', cell: ({ devices }) => counted(devices) },
  { title: 'BOOKED', cell: ({ devices }) => booked(devices) },
  { title: 'HOST BOOKED', cell: ({ hostMemory }) => (hostMemory === null ? '' : booked([hostMemory])) },
  { title: 'SEEN', cell: ({ observedAt }) => (observedAt === null ? 'never' : away(observedAt, now)) },
  { title: 'FLAGS', cell: ({ flags }) => flags.join(',') },
];

/** Only where there is any: it is the longest by far. */
const TROUBLE: Column<ServerMessage> = { title: 'NOT REACHED', cell: ({ trouble }) => trouble?.detail ?? '' };

/** `2 gpu`. */
function counted(devices: readonly DeviceMessage[]): string {
  const kinds = [...new Set(devices.map(({ kind }) => kind))];
  return kinds.map((kind) => `${devices.filter((device) => device.kind === kind).length} ${kind}`).join(', ');
}

/** What is held and promised, of what there is. */
function booked(devices: readonly (DeviceMessage | HostMemoryMessage)[]): string {
  if (devices.length === 0) return '';
  const held = devices.reduce((sum, { heldMb, promisedMb }) => sum + heldMb + promisedMb, 0);
  return `${held} of ${devices.reduce((sum, { capacityMb }) => sum + capacityMb, 0)} MiB`;
}
