import { Now } from '#core';
import { type Instant, whyClosed } from '#core';
import { evictedIn, isStill } from '../../checkers/scene.js';
import { countsWhatIsInUse } from './others.js';
import { type Gpu, gpusIn, isClean } from './samples.js';
import { type Check, type Scene, siteOf } from './scene.js';

/** A closed device opens after so long without an order of ours, or without metrics. */
const CLOSED_AT_MOST = 60_000;
const SILENT = 10_000;

/**
 * Nothing is loaded into a device that is closed since a load ran out there, and nothing is evicted for it; and it is closed
 * for no longer than docs/memory.md says.
 */
export const closesForAWindow: Check = (scene) => {
  if (isStill(scene)) return;
  hearsFailures(scene);
  for (const gpu of gpusIn(scene)) {
    if (isClean(scene, gpu)) countsWhatIsInUse(scene, gpu);
    opensInTime(scene, gpu);
  }
};

/** Once Berth has heard that a load ran out for a cause, no load that it orders later may. */
function hearsFailures(scene: Scene): void {
  const { turn, before } = scene;
  for (const event of turn.events) {
    if (event.kind !== 'LoadEnded' || event.outcome.kind !== 'failed') continue;
    const replica = before.get(event.replica);
    if (!replica || event.outcome.cause !== 'capacity') continue;
    const cause = siteOf(scene, replica.server).decided.get(replica.model)?.cause;
    if (cause) cause.heardAt = Math.min(cause.heardAt, turn.now);
  }
}

function opensInTime(scene: Scene, gpu: Gpu): void {
  const { fleet, turn, trail } = scene;
  const { server, device, isBusy, begunAt, toldAt } = gpu;
  const closed = whyClosed(fleet, server, device, new Now(turn.now));
  if (!closed || isBusy) gpu.quietSince = turn.now;
  if (!closed) return;
  if (closed.because === 'ran_out') leavesAlone(scene, gpu);
  if (begunAt === null) return;
  const opensAt: Instant = device.used === null ? toldAt + SILENT : gpu.quietSince + CLOSED_AT_MOST;
  const looked = device.used === null ? begunAt : turn.now;
  trail.expect(looked < opensAt, () => `${device.account} is closed since ${closed.since}`);
}

function leavesAlone(scene: Scene, { server, device: { account, ordinal } }: Gpu): void {
  const { fleet, turn, before, trail } = scene;
  const isOn = (model: string): boolean =>
    [...fleet.replicas.values()].some(
      (one) =>
        one.model === model &&
        one.server === server.spec.id &&
        one.phase !== 'ready' &&
        one.bookings.some((booking) => booking.account === account && booking.bytes > 0),
    );
  const loads = turn.actions.filter((one) => one.kind === 'load' && one.server === server.spec.id);
  const [load] = loads.flatMap((one) => (one.kind === 'load' && isOn(one.model) ? [one.model] : []));
  trail.expect(load === undefined, () => `load ${load} into ${account}, which is closed`);
  const evicted = evictedIn(scene).find(
    ({ victim, newcomer }) =>
      victim.server === server.spec.id &&
      victim.devices.includes(ordinal) &&
      before.get(victim.id)?.phase === 'ready' &&
      isOn(newcomer),
  );
  trail.expect(
    evicted === undefined,
    () => `${evicted!.victim.id} is evicted for ${account}, which is closed`,
  );
}
