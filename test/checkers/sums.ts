import { type AccountId, type Booking, type Fleet, hostAccount, memoryOf } from '#core';
import type { TurnCheck, TurnScene } from './scene.js';

/** The ledger is the sum of what the replicas hold and what was promised to them, hidden copies included. */
export const ledgerAddsUp: TurnCheck = ({ fleet, trail }) => {
  const sums = { held: new Map<AccountId, number>(), promised: new Map<AccountId, number>() };
  for (const { way, bookings } of entriesOf(fleet)) {
    for (const { account, bytes } of bookings) {
      sums[way].set(account, (sums[way].get(account) ?? 0) + bytes);
    }
  }
  const memory = memoryOf(fleet);
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

interface Entry {
  readonly way: 'held' | 'promised';
  readonly bookings: readonly Booking[];
}

function entriesOf(fleet: Fleet): Entry[] {
  const replicas = [...fleet.replicas.values()].flatMap((replica): Entry[] => {
    const own: Entry = { way: replica.phase === 'placed' ? 'promised' : 'held', bookings: replica.bookings };
    if (replica.phase !== 'ready' || !replica.change) return [own];
    return [own, { way: replica.change.order ? 'held' : 'promised', bookings: replica.change.bookings }];
  });
  const hidden = [...fleet.servers.values()].flatMap((server) => server.hidden);
  return [...replicas, ...hidden.map(({ bookings }): Entry => ({ way: 'held', bookings }))];
}

/** What is loaded books what was declared for it: on each of its devices, and on the host. */
export const loadsBookWhatIsDeclared: TurnCheck = (scene) => {
  for (const action of scene.turn.actions) {
    if (action.kind !== 'load') continue;
    const replica = scene.fleet.replicas.get(action.replica);
    if (replica?.phase === 'loading') expectBooked(scene, replica);
  }
};

type Loading = Extract<ReturnType<Fleet['replicas']['get']>, { phase: 'loading' }>;

function expectBooked({ fleet, trail }: TurnScene, { id, model, server, devices, bookings }: Loading): void {
  const { spec, devices: all } = fleet.servers.get(server)!;
  const declared = fleet.models.get(model);
  if (!declared?.sizesDeclared) return;
  const gpus = (all ?? []).filter(({ kind, ordinal }) => kind === 'gpu' && devices.includes(ordinal));
  const wanted = [
    ...gpus.map(({ account }) => ({ account, bytes: declared.gpuBytes })),
    { account: hostAccount(spec.host), bytes: declared.hostBytes },
  ];
  for (const { account, bytes } of wanted) {
    const booked = bookings.find((one) => one.account === account)?.bytes ?? 0;
    trail.expect(
      booked === bytes,
      () => `${id} books ${booked} bytes on ${account}, and ${bytes} were declared`,
    );
  }
}
