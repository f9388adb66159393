import {
  capacities,
  dependenciesOf,
  fitPins,
  type Fleet,
  hasDevicesFor,
  isQuarantined,
  labelsMatch,
  type Model,
  type ModelId,
  type PinsFit,
  type Server,
} from '#core';
import { Refused } from '../../transport/errors/refused.js';
import { mib } from './core-model.js';
import { sure } from './no-server-yet.js';

type Misfit = Extract<PinsFit, { fits: false }>['unplaced'][number];

/** A model as it is, and as it is to be; it may be pinned before, after, or neither. */
export interface PinChange {
  readonly before: Model | undefined;
  readonly after: Model;
}

/**
 * Refuses changes after which some pin has no place beside the pinned copies where they are. Where one had none before, as
 * after a loss or a restart, they are refused only if one asks for more and finds no place, or takes one from another pin.
 * Some server that was never looked at may have room for them.
 */
export function checkPins(
  fleet: Readonly<Fleet>,
  others: readonly Model[],
  changes: readonly PinChange[],
): void {
  if (changes.every(({ after }) => after.pinnedCopies === 0)) return;
  const result = fitPins(fleet, [...others, ...changes.map(({ after }) => after)]);
  if (result.fits) return;
  const was = fitPins(fleet, [...others, ...changes.flatMap(({ before }) => before ?? [])]);
  const isNoWorse = !was.fits && copies(result.unplaced) <= copies(was.unplaced);
  const lacking = new Set(result.unplaced.map(({ model }) => model));
  if (isNoWorse && changes.every((change) => !lacking.has(change.after.id) || asksNoMore(change))) return;
  const planned = changes.map(({ after }) => [after.id, after] as const);
  const asPlanned = { ...fleet, models: new Map([...fleet.models, ...planned]) };
  throw sure(fleet, doesNotFit(asPlanned, result.unplaced));
}

function asksNoMore({ before, after }: PinChange): boolean {
  if (before === undefined) return false;
  return after.pinnedCopies <= before.pinnedCopies && after.gpuBytes <= before.gpuBytes;
}

const copies = (unplaced: readonly Misfit[]): number =>
  unplaced.reduce((sum, misfit) => sum + misfit.copies, 0);

/** Pins and devices named in a refusal; the others are counted. */
const MAX_TOLD = 20;

function doesNotFit(fleet: Readonly<Fleet>, unplaced: readonly Misfit[]): Refused {
  const lacking = unplaced.slice(0, MAX_TOLD).map(({ model, copies: count, needs, inTheWay }) => ({
    model,
    copies: count,
    needsMb: mib(needs),
    inTheWay,
  }));
  const all = devicesOf(fleet).toSorted((a, b) => b.capacityMb - a.capacityMb);
  const devices = all.slice(0, MAX_TOLD);
  const leftOut = { unplaced: unplaced.length - lacking.length, devices: all.length - devices.length };
  const words = lacking.map(({ model, copies: count, needsMb, inTheWay }) => {
    const way = inTheWay === null ? '' : `, ${inTheWay} is in the way`;
    const why = lackBesideRoom(fleet, model) ?? `${needsMb} MB each${way}`;
    return `${count} of ${model} (${why})`;
  });
  const room = devices.map(({ server, ordinal, capacityMb }) => `${server}/${ordinal}: ${capacityMb} MB`);
  const places = `${room.join(', ') || 'none known'}${orMore(leftOut.devices)}`;
  return new Refused({
    reason: 'pin_does_not_fit',
    detail: `no place beside the other pins for ${words.join(', ')}${orMore(leftOut.unplaced)}; devices: ${places}`,
    members: {
      unplaced: lacking,
      unplacedLeftOut: leftOut.unplaced,
      devices,
      devicesLeftOut: leftOut.devices,
    },
  });
}

const orMore = (leftOut: number): string => (leftOut === 0 ? '' : ` and ${leftOut} more`);

/** The most room is of no use to a model that cannot be loaded anywhere, or not with all that it needs. */
function lackBesideRoom(fleet: Readonly<Fleet>, model: ModelId): string | undefined {
  const needed = dependenciesOf(fleet, model);
  const barred = needed.find((id) => fleet.models.get(id)?.enabled === false || isQuarantined(fleet, id));
  if (barred !== undefined) return `it needs ${barred}, which is not to be loaded`;
  const listing = [...fleet.servers.values()].filter(({ repository }) => repository.has(model));
  if (listing.length === 0) return "in no server's repository";
  const planned = fleet.models.get(model);
  if (planned && !listing.some((server) => labelsMatch(server, planned))) {
    return 'no server that has it has the labels that it requires';
  }
  const whole = listing.filter(({ repository }) => needed.every((id) => repository.has(id)));
  if (whole.length === 0) return "in no server's repository with all that it needs";
  const hasDevices = (server: Server, id: ModelId): boolean => hasDevicesFor(server, fleet.models.get(id));
  const isSpreadable = whole.some((server) => [model, ...needed].every((id) => hasDevices(server, id)));
  return isSpreadable ? undefined : 'no server has the devices over which it, or what it needs, is spread';
}

/** Pins are judged by the sizes of the devices, whatever else is on them now. */
function devicesOf(fleet: Readonly<Fleet>) {
  const sizes = capacities(fleet);
  return [...fleet.servers.values()].flatMap(({ spec, devices }) =>
    (devices ?? []).map(({ ordinal, account }) => {
      return { server: spec.id, ordinal, capacityMb: mib(sizes.get(account)!) };
    }),
  );
}
