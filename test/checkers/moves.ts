import type { Fleet, Millis, Model, Ready, Replica } from '#core';
import { evictedIn, isMoved, type TurnCheck } from './scene.js';

/** What has come stays for so long before it is moved. */
const REST: Millis = 60_000;

/**
 * What is moved to make room leaves only once the copy that takes its place is ready on a server that stands, so that
 * neither its model gets cold nor a pin unmet; and not in its first minute.
 */
export const movesKeepWarm: TurnCheck = (scene) => {
  const { fleet, turn, trail } = scene;
  for (const one of evictedIn(scene).filter((evicted) => isMoved(fleet, evicted))) {
    const { victim, newcomer, readySince } = one;
    const { to } = fleet.moves.get(victim.id)!;
    const others = [...fleet.replicas.values()].filter(
      (other) => other.model === victim.model && serves(fleet, other),
    );
    trail.expect(
      others.some(({ id }) => id === to),
      () => `${victim.id} was moved to ${to} for ${newcomer}, and that is not ready`,
    );
    const model = fleet.models.get(victim.model);
    const left = others.reduce((sum, other) => sum + copiesOf(model, other), 0);
    trail.expect(
      left >= Math.max(1, model?.pinnedCopies ?? 0, model?.minCopies ?? 0),
      () => `${victim.id} was moved to ${to} for ${newcomer}, and ${left} copies are left`,
    );
    trail.expect(
      turn.now >= readySince + REST,
      () => `${victim.id} was moved ${turn.now - readySince} ms after it had come`,
    );
  }
};

/** One copy is moved at a time for one newcomer, and from or to one server. */
export const movesAreFew: TurnCheck = ({ fleet, trail }) => {
  if (fleet.moves.size < 2) return;
  const newcomers = Array.from(fleet.moves.values(), (move) => move.for);
  const servers = [...fleet.moves].flatMap(([from, { to }]) =>
    [from, to].flatMap((id) => fleet.replicas.get(id)?.server ?? []),
  );
  for (const [what, names] of Object.entries({ newcomers, servers })) {
    trail.expect(
      new Set<string>(names).size === names.length,
      () => `several copies are moved at once: ${what} ${names.join(', ')}`,
    );
  }
};

const serves = ({ servers }: Fleet, replica: Replica): replica is Ready => {
  const server = servers.get(replica.server);
  return (
    replica.phase === 'ready' && server?.drain === null && server.looked && server.contact.kind !== 'lost'
  );
};

/** A copy that is spread over several devices is one. */
const copiesOf = (model: Model | undefined, { devices }: Replica): number =>
  (model?.deviceSets.length ?? 0) > 0 ? 1 : Math.max(1, devices.length);
