import type {
  Event,
  EventOf,
  Fleet,
  Instant,
  Look,
  Millis,
  ModelId,
  Replica,
  ReplicaId,
  Server,
  ServerId,
} from '#core';
import type { TurnCheck, TurnScene } from './scene.js';

/** Two looks that end a booking are so far apart, and after a call without an answer the first is so late. */
const APART: Millis = 1_000;
const UNSETTLED: Millis = 5_000;

/** How the last order of a replica ended, as we were told. */
interface OrderEnd {
  readonly how: 'unloaded' | 'load failed' | 'unsent' | 'unknown';
  readonly at: Instant;
}

/**
 * A booking ends by a new incarnation, by one look begun after an answer that says so much, or else by two looks: judged
 * by the events alone, whatever the fleet says of it.
 */
export function bookingsEndForCause(start: Readonly<Fleet>): TurnCheck {
  const past = new Past(start);
  return (scene) => {
    const { turn, fleet, before } = scene;
    for (const event of turn.events) past.hear(event, before, turn.now);
    for (const { was, now } of scene.changes) {
      if (!was || was.phase === 'placed' || (now && now.phase !== 'placed')) continue;
      const isNew = fleet.servers.get(was.server)?.incarnation !== past.incarnations.get(was.server);
      if (!isNew) expectCause(scene, was, past);
    }
    past.turnPage(scene);
  };
}

/** What was heard of each replica that may be about to end. */
class Past {
  readonly ends = new Map<ReplicaId, OrderEnd>();
  /** When the first of the looks began that have shown it absent ever since. */
  readonly absentSince = new Map<ReplicaId, Instant>();
  readonly incarnations = new Map<ServerId, number>();

  constructor(start: Readonly<Fleet>) {
    for (const replica of start.replicas.values()) this.recall(replica);
    for (const { spec, incarnation } of start.servers.values()) this.incarnations.set(spec.id, incarnation);
  }

  hear(event: Event, before: TurnScene['before'], now: Instant): void {
    if (event.kind === 'LoadEnded' || event.kind === 'UnloadEnded') this.orderEnded(event, before, now);
    if (event.kind === 'Looked') this.looked(event.server, event.look, before);
  }

  private orderEnded(
    { kind, order, outcome }: Extract<Event, { kind: 'LoadEnded' | 'UnloadEnded' }>,
    before: TurnScene['before'],
    at: Instant,
  ): void {
    if (kind === 'LoadEnded' && outcome.kind === 'succeeded') return;
    const answered = kind === 'UnloadEnded' ? 'unloaded' : 'load failed';
    const isAnswered = outcome.kind === (kind === 'UnloadEnded' ? 'succeeded' : 'failed');
    for (const one of before.values()) {
      if (!('order' in one) || one.order !== order) continue;
      const how = isAnswered ? answered : outcome.kind === 'unsent' ? 'unsent' : 'unknown';
      this.ends.set(one.id, { how, at });
      this.absentSince.delete(one.id);
    }
  }

  private looked(server: ServerId, look: Look, before: TurnScene['before']): void {
    if (look.index === null) return;
    for (const { id, model, server: home } of before.values()) {
      if (home !== server) continue;
      const end = this.ends.get(id);
      const isEarly = end?.how === 'unknown' && look.begunAt < end.at + UNSETTLED;
      if (isEarly || !isAbsent(look, model)) this.absentSince.delete(id);
      else if (!this.absentSince.has(id)) this.absentSince.set(id, look.begunAt);
    }
  }

  /** What a replica says of the time before the first turn. */
  private recall(one: Replica): void {
    if (one.phase === 'unloading' && one.answeredAt !== null) {
      this.ends.set(one.id, { how: 'unloaded', at: one.answeredAt });
    }
    if (one.phase !== 'unknown') return;
    const how = one.after === 'load_failed' ? 'load failed' : 'unknown';
    if (one.after !== 'found') this.ends.set(one.id, { how, at: one.since });
    const { shows, since } = one.sight;
    if (shows === 'absent' && since !== null) this.absentSince.set(one.id, since);
  }

  turnPage({ fleet }: TurnScene): void {
    for (const id of [...this.ends.keys(), ...this.absentSince.keys()]) {
      const phase = fleet.replicas.get(id)?.phase;
      if (phase === 'unloading' || phase === 'unknown') continue;
      this.ends.delete(id);
      this.absentSince.delete(id);
    }
    this.incarnations.clear();
    for (const { spec, incarnation } of fleet.servers.values()) this.incarnations.set(spec.id, incarnation);
  }
}

function isAbsent({ index, serving }: Look, model: ModelId): boolean {
  const rows = (index ?? []).filter((row) => row.model === model);
  const isOut = rows.every(({ state }) => state === '' || state === 'UNAVAILABLE');
  return isOut && !serving.some((row) => row.model === model);
}

function expectCause(scene: TurnScene, was: Replica, past: Past): void {
  const end = past.ends.get(was.id);
  const since = past.absentSince.get(was.id);
  const seenAt = lastLookAt(scene, was.server);
  // What was never sent holds nothing.
  const isProven =
    end?.how === 'unsent' ||
    (since !== undefined && isEnough(was, end, seenAt - since, seenAt - (end?.at ?? 0)));
  scene.trail.expect(
    isProven,
    () =>
      `the booking of ${was.id} (${was.phase}) ended by a look begun at ${seenAt.toFixed(1)}, absent since ` +
      `${since?.toFixed(1)}, ${end ? `${end.how} at ${end.at.toFixed(1)}` : 'no order of ours ended'}`,
  );
}

function isEnough(was: Replica, end: OrderEnd | undefined, absentFor: Millis, sinceEnd: Millis): boolean {
  if (end && end.how !== 'unknown') return sinceEnd > 0;
  const isUnderWay = !end && (was.phase === 'unloading' || was.phase === 'loading');
  return !isUnderWay && absentFor >= APART;
}

function lastLookAt({ turn }: TurnScene, server: ServerId): Instant {
  const looks = turn.events.flatMap((event) =>
    event.kind === 'Looked' && event.server === server && event.look.index ? [event.look.begunAt] : [],
  );
  return Math.max(-Infinity, ...looks);
}

/** A new incarnation ends all bookings of the old one in its turn, and a refused attempt to connect proves one. */
export function restartsEndBookings(start: Readonly<Fleet>): TurnCheck {
  const servers = [...start.servers.values()];
  const refused = new Set(servers.filter((server) => server.refused).map(({ spec }) => spec.id));
  const moved = new Set(servers.filter(isElsewhere).map(({ spec }) => spec.id));
  const incarnations = new Map(servers.map(({ spec, incarnation }) => [spec.id, incarnation]));
  return (scene) => {
    const { turn, fleet, trail } = scene;
    for (const event of turn.events) {
      if (event.kind === 'ServerWithdrawn') refused.delete(event.server);
      if (event.kind === 'ContactChanged') noteRefusal(event, refused, moved);
      if (event.kind !== 'Looked' || !isTaken(scene, event.server, event.look)) continue;
      const isProven = refused.delete(event.server);
      const isNew = fleet.servers.get(event.server)!.incarnation !== incarnations.get(event.server);
      trail.expect(isNew || !isProven, () => `${event.server} refused to connect, and is taken for the same`);
      if (isNew) nothingIsLeft(scene, event.server);
    }
    for (const { spec, incarnation } of fleet.servers.values()) incarnations.set(spec.id, incarnation);
  };
}

const isElsewhere = ({ contact }: Server): boolean => contact.kind === 'down' && contact.moved;

/** What an address says to which there never was a connection is nothing about the process that was known. */
function noteRefusal(
  { server, fact }: EventOf<'ContactChanged'>,
  refused: Set<ServerId>,
  moved: Set<ServerId>,
): void {
  if (fact === 'moved') moved.add(server);
  if (fact === 'connected') moved.delete(server);
  if (fact === 'refused' && !moved.has(server)) refused.add(server);
}

/** Whether a look made it into the books. */
const isTaken = ({ fleet }: TurnScene, server: ServerId, { index, begunAt }: Look): boolean =>
  index !== null && fleet.servers.get(server)?.lookedAt === begunAt;

function nothingIsLeft({ fleet, turn, trail }: TurnScene, server: ServerId): void {
  const left = [...fleet.replicas.values()].filter(
    (one) => one.server === server && one.phase !== 'placed' && one.since < turn.now,
  );
  trail.expect(left.length === 0, () => `${left[0]!.id} (${left[0]!.phase}) outlived its server's process`);
}
