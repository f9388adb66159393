import { away, type Column, type CopyMessage, type ModelMessage, table } from '#contracts';

/** Models as people read them; nothing where there is none. */
export function modelTable(models: readonly ModelMessage[], now: number): string[] {
  return models.length === 0 ? [] : table(columns(now), models);
}

const columns = (now: number): Column<ModelMessage>[] => [
  { title: 'NAME', cell: ({ name }) => name },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'WHERE', cell: ({ copies }) => whereabouts(copies) },
  { title: 'MEMORY', cell: ({ copies }) => memory(copies) },
  { title: 'PIN', cell: ({ pin }) => pinned(pin, now) },
  { title: 'WAITING', cell: ({ waiting }) => String(waiting) },
  { title: 'USED', cell: ({ copies }) => lastUse(copies, now) },
  { title: 'NOTE', cell: (model) => notes(model, now).join('; ') },
];

/** `a:0,1 b:0`: the servers with their devices. */
export function whereabouts(copies: readonly CopyMessage[]): string {
  const servers = new Map<string, number[]>();
  for (const { server, device } of copies) {
    const devices = servers.get(server) ?? [];
    servers.set(server, device === null ? devices : [...devices, device]);
  }
  return [...servers]
    .map(([server, devices]) => (devices.length > 0 ? `${server}:${devices.join(',')}` : server))
    .join(' ');
}

function memory(copies: readonly CopyMessage[]): string {
  const sum = copies.reduce((total, { memoryMb }) => total + memoryMb.reserved, 0);
  return copies.length > 0 ? `${sum} MiB` : '';
}

function pinned(pin: ModelMessage['pin'], now: number): string {
  if (pin === null) return '';
  return pin.until === null ? String(pin.copies) : `${pin.copies}, ends ${away(pin.until, now)}`;
}

function lastUse(copies: readonly CopyMessage[], now: number): string {
  const times = copies.flatMap(({ lastUsedAt }) => (lastUsedAt === null ? [] : [lastUsedAt]));
  const latest = times.toSorted().at(-1);
  return latest === undefined ? '' : away(latest, now);
}

/** What a reader should know of this model. */
export function notes(model: ModelMessage, now: number): string[] {
  const flags = new Set(model.copies.flatMap((copy) => copy.flags));
  const { lastFailure, nextTryAt, lastUnload } = model;
  return [
    ...(model.enabled ? [] : ['disabled']),
    ...flags,
    ...(lastFailure === null ? [] : [`load failed ${away(lastFailure.at, now)}: ${lastFailure.cause}`]),
    ...(nextTryAt === null ? [] : [`next try ${away(nextTryAt, now)}`]),
    ...(lastUnload === null || model.copies.length > 0 ? [] : [departure(lastUnload, now)]),
  ];
}

function departure(
  { at, reason, for: newcomer }: NonNullable<ModelMessage['lastUnload']>,
  now: number,
): string {
  return `left ${away(at, now)}: ${reason}${newcomer === null ? '' : ` for ${newcomer}`}`;
}
