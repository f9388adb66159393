import { type AccountId, type Booking, type Fleet, hostAccount, type ModelId } from '#core';
import { isStill, type TurnCheck, type TurnScene } from './scene.js';

/** The ledger is the sum of what the replicas hold and what was promised to them, hidden copies included. */
export const ledgerAddsUp: TurnCheck = (scene) => {
  if (isStill(scene)) return;
  const { fleet, memory, trail } = scene;
  const sums = sumsOf(fleet);
  for (const account of new Set([...sums.held.keys(), ...sums.promised.keys()])) {
    for (const way of ['held', 'promised'] as const) {
      const [says, is] = [memory(account)[way], sums[way].get(account) ?? 0];
      trail.expect(
        says === is,
        () => `${account}: the ledger says ${says} bytes ${way}, the replicas say ${is}`,
      );
    }
  }
};

type Sums = Map<AccountId, number>;

function sumsOf({ replicas, reloads, servers }: Fleet): { readonly held: Sums; readonly promised: Sums } {
  const [held, promised]: [Sums, Sums] = [new Map(), new Map()];
  for (const replica of replicas.values()) {
    add(replica.phase === 'placed' ? promised : held, replica.bookings);
  }
  for (const { bookings } of reloads.values()) add(promised, bookings);
  for (const { hidden } of servers.values()) for (const { bookings } of hidden) add(held, bookings);
  return { held, promised };
}

function add(sums: Sums, bookings: readonly Booking[]): void {
  for (const { account, bytes } of bookings) sums.set(account, (sums.get(account) ?? 0) + bytes);
}

/**
 * What is loaded books what was declared for it, or was measured or has outgrown where that is more: on each of its devices, and on the host,
 * each of them where that was declared.
 */
export const loadsBookWhatIsDeclared: TurnCheck = (scene) => {
  for (const action of scene.turn.actions) {
    if (action.kind !== 'load') continue;
    const replica = scene.fleet.replicas.get(action.replica);
    if (replica?.phase === 'loading') expectBooked(scene, replica);
  }
};

/** What its backend spreads is booked on every set of devices that may be it, and its files are left alone. */
export const setsAreBookedWhole: TurnCheck = ({ turn, fleet, trail }) => {
  for (const action of turn.actions) {
    const { deviceSets } = (action.kind === 'load' && fleet.models.get(action.model)) || NO_SETS;
    if (action.kind !== 'load' || deviceSets.length === 0) continue;
    const gpus = (fleet.servers.get(action.server)!.devices ?? []).map(({ ordinal }) => ordinal);
    const there = deviceSets.filter((set) => set.every((ordinal) => gpus.includes(ordinal)));
    const booked = fleet.replicas.get(action.replica)?.devices ?? [];
    const isWhole = there.length > 0 && there.flat().every((ordinal) => booked.includes(ordinal));
    trail.expect(isWhole, () => `load ${action.replica}, which is spread, onto ${booked.join(', ')}`);
    trail.expect(action.config === null, () => `load ${action.replica}, which is spread, with a config`);
  }
};

const NO_SETS = { deviceSets: [] } as const;

type Loading = Extract<ReturnType<Fleet['replicas']['get']>, { phase: 'loading' }>;

function expectBooked({ fleet, trail }: TurnScene, { id, model, server, devices, bookings }: Loading): void {
  const { spec, devices: all } = fleet.servers.get(server)!;
  const declared = fleet.models.get(model);
  if (!declared) return;
  const peak = knownToTake(fleet, model);
  const gpus = (all ?? []).filter(({ kind, ordinal }) => kind === 'gpu' && devices.includes(ordinal));
  const onGpus = gpus.map(({ account }) => ({ account, bytes: Math.max(declared.gpuBytes, peak) }));
  const onHost = { account: hostAccount(spec.host), bytes: declared.hostBytes };
  const wanted = [...(declared.gpuDeclared ? onGpus : []), ...(declared.hostDeclared ? [onHost] : [])];
  for (const { account, bytes } of wanted) {
    const booked = bookings.find((one) => one.account === account)?.bytes ?? 0;
    trail.expect(
      booked === bytes,
      () => `${id} books ${booked} bytes on ${account}, and ${bytes} were declared or measured`,
    );
  }
}

/** As measured; what ran out of memory again and again takes more than was free then. */
const knownToTake = ({ footprints, outgrown }: Fleet, model: ModelId): number =>
  Math.max(footprints.get(model)?.peak ?? 0, outgrown.get(model) ?? 0);
