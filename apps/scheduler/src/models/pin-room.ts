import { dependenciesOf, fitPins, type Fleet, memoryOf, type Model, type ModelId, type PinsFit } from '#core';
import { Refused } from '../errors/refused.js';
import { mib } from './core-model.js';

type Misfit = Extract<PinsFit, { fits: false }>['unplaced'][number];

/**
 * Refuses a change of one model after which all pins together could not be placed. Where they could not be placed
 * before, as after a loss, it is refused only if it asks for more and finds no place, or takes one from another pin.
 */
export function checkPins(
  fleet: Readonly<Fleet>,
  others: readonly Model[],
  before: Model | undefined,
  after: Model,
): void {
  if (after.pinnedCopies === 0) return;
  const result = fitPins(fleet, [...others, after]);
  if (result.fits) return;
  const was = fitPins(fleet, before === undefined ? others : [...others, before]);
  const isNoWorse = !was.fits && copies(result.unplaced) <= copies(was.unplaced);
  const isPlaced = result.unplaced.every(({ model }) => model !== after.id);
  if (isNoWorse && (isPlaced || asksNoMore(before, after))) return;
  const asPlanned = { ...fleet, models: new Map([...fleet.models, [after.id, after]]) };
  throw doesNotFit(asPlanned, result.unplaced);
}

function asksNoMore(before: Model | undefined, after: Model): boolean {
  if (before === undefined) return false;
  return after.pinnedCopies <= before.pinnedCopies && after.gpuBytes <= before.gpuBytes;
}

const copies = (unplaced: readonly Misfit[]): number =>
  unplaced.reduce((sum, misfit) => sum + misfit.copies, 0);

function doesNotFit(fleet: Readonly<Fleet>, unplaced: readonly Misfit[]): Refused {
  const lacking = unplaced.map(({ model, copies: count, needs }) => ({
    model,
    copies: count,
    needsMb: mib(needs),
  }));
  const devices = devicesOf(fleet);
  const words = lacking.map(({ model, copies: count, needsMb }) => {
    const why = lackOfFiles(fleet, model) ?? `${needsMb} MB each`;
    return `${count} of ${model} (${why})`;
  });
  const room = devices.map(({ server, ordinal, capacityMb }) => `${server}/${ordinal}: ${capacityMb} MB`);
  return new Refused({
    reason: 'pin_does_not_fit',
    detail: `no place beside the other pins for ${words.join(', ')}; devices: ${room.join(', ') || 'none known'}`,
    members: { unplaced: lacking, devices },
  });
}

/** The most room is of no use to a model that no server has, or none has with all that it needs. */
function lackOfFiles(fleet: Readonly<Fleet>, model: ModelId): string | undefined {
  const listing = [...fleet.servers.values()].filter(({ repository }) => repository.has(model));
  if (listing.length === 0) return "in no server's repository";
  const needed = dependenciesOf(fleet, model);
  const isWhole = listing.some(({ repository }) => needed.every((id) => repository.has(id)));
  return isWhole ? undefined : "in no server's repository with all that it needs";
}

function devicesOf(fleet: Readonly<Fleet>) {
  const memory = memoryOf(fleet);
  return [...fleet.servers.values()].flatMap(({ spec, devices }) =>
    (devices ?? []).map(({ ordinal, account }) => {
      return { server: spec.id, ordinal, capacityMb: mib(memory(account).capacity) };
    }),
  );
}
