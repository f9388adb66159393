import type { AccountId, Booking, Bytes, Fleet, Model, ModelId, Ready, Server } from '#core';
import {
  booksOf,
  capacitiesOf,
  copiesOn,
  devicesBeside,
  devicesFor,
  isChosen,
  isReplaced,
  needsOf,
  take,
} from './books.js';
import { isWelcome } from './ways.js';

/** Where the models on a server are: the devices that hold a copy. */
type Placed = ReadonlyMap<ModelId, readonly number[]>;
type Layout = ReadonlyMap<Server, Placed>;

/**
 * Whether all pins can be kept at once on the devices there are. Tries every set of devices of every server for every
 * pinned model, with what each brings along, in any order. Beside them are only the strangers that are kept.
 */
export function pinsFit(fleet: Fleet, models: readonly Model[]): boolean {
  const pinned = models.filter(({ pinnedCopies, enabled }) => pinnedCopies > 0 && enabled);
  if (pinned.length === 0) return true;
  const servers = [...fleet.servers.values()];
  const choices = pinned.flatMap((model) =>
    servers.map((server) => ({
      model,
      server,
      options: optionsFor(fleet, model, server),
    })),
  );
  const tryFrom = (index: number, layout: Layout): boolean => {
    const choice = choices[index];
    if (!choice) {
      if (!isModest(fleet, pinned, layout)) return false;
      return wholes(fleet, layout).some((whole) => isKept(fleet, pinned, whole));
    }
    return choice.options.some((devices) =>
      tryFrom(index + 1, devices ? placed(layout, choice.server, choice.model.id, devices) : layout),
    );
  };
  return tryFrom(0, new Map(servers.map((server) => [server, strangersOn(fleet, server)])));
}

function placed(layout: Layout, server: Server, id: ModelId, devices: readonly number[]): Layout {
  return new Map([...layout, [server, new Map([...layout.get(server)!, [id, devices]])]]);
}

/** The strangers that are kept there, and what they need. */
function keptOn(fleet: Fleet, { spec }: Server): readonly Ready[] {
  const ready = [...fleet.replicas.values()].filter(
    (one): one is Ready => one.phase === 'ready' && one.server === spec.id,
  );
  const kept = ready.filter(({ stranger }) => stranger && spec.strangers === 'keep');
  const needed = kept.flatMap(({ model }) => [...needsOf(fleet, model)]);
  return ready.filter((one) => kept.includes(one) || needed.includes(one.model));
}

const strangersOn = (fleet: Fleet, server: Server): ReadonlyMap<ModelId, readonly number[]> =>
  new Map(keptOn(fleet, server).map(({ model, devices }) => [model, devices]));

/** Every set of devices that a model can be on there; undefined: not there, or only where it is kept. */
function optionsFor(fleet: Fleet, model: Model, server: Server): readonly (readonly number[] | undefined)[] {
  const kept = strangersOn(fleet, server).get(model.id);
  const isOut = !isWelcome(server, model) || !canCome(fleet, server, model) || server.devices === null;
  if (isOut || (kept && !isChosen(server, model))) return [undefined];
  const ways = devicesFor(server, model);
  if (!isChosen(server, model)) return [undefined, ...ways];
  const sets = ways.reduce<number[][]>((all, [one]) => [...all, ...all.map((set) => [...set, one!])], [[]]);
  const larger = sets.map((set) => [...new Set([...(kept ?? []), ...set])].toSorted((a, b) => a - b));
  return [undefined, ...larger.filter(({ length }) => length > (kept?.length ?? 0))];
}

/** Whether a model can be loaded there, and what it needs and is not there already. */
function canCome(fleet: Fleet, server: Server, { id }: Model): boolean {
  const kept = strangersOn(fleet, server);
  const needed = [...needsOf(fleet, id)].filter((one) => !kept.has(one));
  const hasDevices = (one: ModelId): boolean => devicesFor(server, fleet.models.get(one)!).length > 0;
  const isAllowed = (one: ModelId): boolean => fleet.models.get(one)!.enabled && hasDevices(one);
  return server.repository.has(id) && needed.every((one) => server.repository.has(one) && isAllowed(one));
}

/** Whether no model was put anywhere for a pin that is kept without. */
const isModest = (fleet: Fleet, pinned: readonly Model[], layout: Layout): boolean =>
  pinned.every((model) => {
    const last = [...layout].flatMap(([server, models]) => {
      const devices = models.get(model.id);
      const added = (devices?.length ?? 0) - (strangersOn(fleet, server).get(model.id)?.length ?? 0);
      const isThere = devices !== undefined && devices !== strangersOn(fleet, server).get(model.id);
      const isOne = isChosen(server, model) || model.deviceSets.length > 0;
      return isThere ? [isOne ? 1 : Math.max(1, added)] : [];
    });
    return last.length === 0 || copiesIn(fleet, layout, model.id) - Math.max(...last) < model.pinnedCopies;
  });

/** What is kept and only fails counts for nothing where it is to be replaced. */
const copiesIn = (fleet: Fleet, layout: Layout, id: ModelId): number =>
  [...layout].reduce((sum, [server, models]) => {
    const devices = models.get(id);
    const kept = keptOn(fleet, server).find(({ model }) => model === id);
    const lost = kept && isReplaced(fleet, kept) ? copiesOn(fleet.models.get(id)!, kept.devices) : 0;
    return sum + (devices ? copiesOn(fleet.models.get(id)!, devices) - lost : 0);
  }, 0);

/** Every layout that adds to this one what its models need and lack. */
function wholes(fleet: Fleet, layout: Layout): readonly Layout[] {
  return [...layout].reduce<readonly Layout[]>(
    (all, [server, models]) =>
      withNeeds(fleet, server, models).flatMap((whole) =>
        all.map((one) => new Map([...one, [server, whole]])),
      ),
    [new Map()],
  );
}

/** What a model needs and is not there comes beside it; of several that need it, beside any that may come first. */
function withNeeds(fleet: Fleet, server: Server, there: Placed): readonly Placed[] {
  const kept = strangersOn(fleet, server);
  const isWhole = (id: ModelId): boolean =>
    kept.get(id) === there.get(id) || [...needsOf(fleet, id)].every((needed) => there.has(needed));
  const lacking = [...there.keys()].filter((id) => !isWhole(id));
  if (lacking.length === 0) return [there];
  const next = lacking.filter((id) => ![...needsOf(fleet, id)].some((needed) => lacking.includes(needed)));
  return next.flatMap((id) => {
    const beside = [...needsOf(fleet, id)].map((needed) => {
      const devices = devicesBeside(server, fleet.models.get(needed)!, there.get(id)!.slice(0, 1));
      return [needed, devices] as const;
    });
    return withNeeds(fleet, server, new Map([...beside, ...there]));
  });
}

const isKept = (fleet: Fleet, pinned: readonly Model[], layout: Layout): boolean =>
  pinned.every(({ id, pinnedCopies }) => copiesIn(fleet, layout, id) >= pinnedCopies) &&
  hasRoom(fleet, layout);

/** Whether what is not there yet fits beside what is kept; an account that nothing new draws on may be overdrawn. */
function hasRoom(fleet: Fleet, layout: Layout): boolean {
  const room: Map<AccountId, Bytes> = capacitiesOf(fleet);
  const touched = new Set<AccountId>();
  for (const [server, models] of layout) {
    for (const [id, devices] of models) {
      const kept = keptOn(fleet, server).find(({ model }) => model === id);
      const before: readonly Booking[] = kept?.bookings ?? [];
      take(room, before);
      if (kept && String(kept.devices) === String(devices)) continue;
      const more = booksOf(fleet, server, id, devices).filter(
        ({ account }) => !before.some((one) => one.account === account),
      );
      take(room, more);
      for (const { account } of more) touched.add(account);
    }
  }
  return [...touched].every((account) => (room.get(account) ?? 0) >= 0);
}
