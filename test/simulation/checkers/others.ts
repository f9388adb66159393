import { Now } from '#core';
import {
  type Device,
  type Fleet,
  measuredOn,
  type Replica,
  type Server,
  takenByOthers,
  whyClosed,
} from '#core';
import { bytesOn } from '../books.js';
import { bytesAt } from '../surprises.js';
import type { Gpu } from './samples.js';
import { type Scene, siteOf } from './scene.js';
import { isSeenAbsent } from '../../checkers/load-began.js';

/**
 * As soon as a clean sample has shown a GPU the books count all that is in use: what none of ours explains is others', or
 * residue. Whatever Berth could not know before, it does from then on, but for what hides in the memory that copies do
 * not use. And the GPU is open.
 */
export const countsWhatIsInUse = (scene: Scene, gpu: Gpu): void => {
  const { fleet, trail, turn, changes } = scene;
  const { server, device, begunAt } = gpu;
  const { sim, surprises } = siteOf(scene, server.spec.id);
  const isOpen = whyClosed(fleet, server, device, new Now(turn.now)) === null;
  trail.expect(isOpen, () => `${device.account} is closed after a clean sample`);
  // What another GPU taught in the same turn is booked otherwise here from now on: the next look counts by that.
  const isRebooked = changes.some(
    ({ was, now }) =>
      was &&
      now &&
      bookedOn(was, device) !== bookedOn(now, device) &&
      measuredOf(server, now, device) === null,
  );
  if (isRebooked) return;
  const explained = explainedOn(fleet, gpu);
  const rest = device.used! - [...explained.values()].reduce((sum, one) => sum + one, 0);
  const unexplained = Math.max(0, rest);
  // A copy that the last look did not find may hold all that is booked for it, or nothing: see docs/memory.md, Check.
  const most = Math.max(0, rest + bookedOfAbsent(fleet, gpu));
  const counted = takenByOthers(server, device.ordinal);
  const said = (): string =>
    `${device.account} has ${unexplained} bytes that no copy explains, and ${counted} are counted`;
  trail.expect(counted >= unexplained && counted <= most, said);
  const held = (name: string): number =>
    sim.copies().reduce((sum, one) => (one.model === name ? sum + bytesAt(one, device.ordinal) : sum), 0);
  const truth = surprises.on(device.ordinal);
  if ([...explained].every(([model, bytes]) => bytes <= held(model))) truth?.show(begunAt!);
  else truth?.hide(counted, turn.now);
};

const bookedOn = (replica: Replica, { account }: Device): number => bytesOn(replica.bookings, account);

/** What was measured of a copy on a GPU that it is on. */
const measuredOf = (server: Server, { model, devices }: Replica, { ordinal }: Device): number | null =>
  devices.includes(ordinal) ? measuredOn(server, model, ordinal) : null;

/** What is booked, or was measured, of the copies that the last look showed absent, and whose booking has not ended. */
const bookedOfAbsent = (fleet: Fleet, { server, device }: Gpu): number =>
  [...fleet.replicas.values()]
    .filter((one) => one.server === server.spec.id && isSeenAbsent(one))
    .reduce((sum, one) => sum + explainedBy(server, one, device), 0);

/** By model, what our copies hold, as measured where they were, else as booked, and those that are hidden. */
function explainedOn(fleet: Fleet, { server, device }: Gpu): Map<string, number> {
  const { account } = device;
  const explained = new Map<string, number>();
  const add = (model: string, bytes: number): void =>
    void explained.set(model, (explained.get(model) ?? 0) + bytes);
  for (const { model, bookings } of server.hidden) add(model, bytesOn(bookings, account));
  for (const replica of fleet.replicas.values()) {
    if (replica.server !== server.spec.id || replica.phase === 'placed') continue;
    add(replica.model, explainedBy(server, replica, device));
  }
  return explained;
}

/** What a copy holds on a GPU: as measured where it was, else as booked. */
const explainedBy = (server: Server, replica: Replica, device: Device): number =>
  measuredOf(server, replica, device) ?? bookedOn(replica, device);
