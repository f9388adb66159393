import type { Happening } from './happenings.js';
import type { Plan } from './plan.js';

/** A plan as a file: JSON with a line for each server, model and happening, so that it can be read and edited. */
export function planText(plan: Plan): string {
  const keys = Object.entries(plan).map(([key, value]) => {
    const isList = Array.isArray(value) && value.length > 0;
    return `  ${JSON.stringify(key)}: ${isList ? listOf(value) : JSON.stringify(value)}`;
  });
  return `{\n${keys.join(',\n')}\n}\n`;
}

const listOf = (items: readonly unknown[]): string =>
  `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`;

const MIB = 2 ** 20;
const MAX_TOLD = 40;

/** A plan in a few words, for people. */
export function planInShort({ seed, storm, servers, models, limits, happenings }: Plan): string {
  const fleet = servers.map(({ spec, setup }) => {
    const gpus = setup.devices.map(({ memoryBytes }) => memoryBytes / MIB);
    const devices = gpus.length > 0 ? `GPUs of ${gpus.join(' + ')} MiB` : 'no GPU';
    return `server ${spec.id}: ${devices}, strangers ${spec.strangers}`;
  });
  const known = models.map(({ model, isDeclared, disk }) => {
    const size = `${Math.round(model.gpuBytes / MIB)} MiB`;
    const pinned = model.pinnedCopies > 0 ? `, pinned ${model.pinnedCopies}` : '';
    const warm = model.minCopies > 0 ? `, ${model.minCopies} kept warm` : '';
    const steps = disk.steps ? `, made of ${disk.steps.join(' and ')}` : '';
    return `model ${model.id}: ${isDeclared ? size : 'not declared'}${pinned}${warm}${steps}, idle after ${model.idleUnload} ms`;
  });
  return [
    `seed ${seed}, ${storm} ms of storm, limits ${JSON.stringify(limits)}`,
    ...fleet,
    ...known,
    ...happenings.slice(0, MAX_TOLD).map(happeningInShort),
    ...(happenings.length > MAX_TOLD ? [`and ${happenings.length - MAX_TOLD} happenings more`] : []),
  ].join('\n');
}

/** What is null, zero or empty need not be said. */
function happeningInShort({ at, kind, ...more }: Happening): string {
  const special = Object.entries(more).filter(
    ([, value]) => String(value) !== '' && value !== null && value !== 0,
  );
  return `${at} ms ${kind} ${JSON.stringify(Object.fromEntries(special))}`;
}
