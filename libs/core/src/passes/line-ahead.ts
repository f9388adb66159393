import { type Fleet, unsettled } from '../fleet.js';
import type { ModelId } from '../ids.js';
import { loadForecast, restOfLoad } from '../load-forecast.js';
import type { Instant, Millis } from '../model.js';
import type { Replica } from '../replica.js';
import type { Server } from '../server.js';
import { isCarried, isOverdue, loadsAtMost } from '../standing.js';
import { Beginnings, type Share } from './beginnings.js';
import { DEPTH, goesBefore, isInLine } from './slot-line.js';
import { awaitedAmong } from './openings.js';
import type { Want } from './wants.js';

/** What somebody waits for and stands in line without a place: when the slots should come to it. */
export class LineAhead {
  private readonly known = new Map<Share, ReadonlyMap<ModelId, Millis>>();

  /** `inLine` is in the order in which places are given. */
  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly inLine: readonly Want[],
    private readonly open: readonly Server[],
    private readonly now: Instant,
  ) {}

  /** How long it should take, from now, until the load of a model can begin: 0 for what does not stand in line. */
  before(model: ModelId, share: Share): Millis {
    let begins = this.known.get(share);
    if (!begins) this.known.set(share, (begins = this.begin(share)));
    return begins.get(model) ?? 0;
  }

  /** Each goes where its turn comes first, of the servers that have its files, and stands before those behind it there. */
  private begin(share: Share): ReadonlyMap<ModelId, Millis> {
    const { fleet, open, now } = this;
    const begins = new Map<ModelId, Millis>();
    const awaited = awaitedAmong(fleet, this.inLine);
    if (awaited.length === 0) return begins;
    const beginnings = new Beginnings(fleet, now);
    const lines = open.map((server) => new ServerLine(fleet, server, { share, beginnings }, now));
    for (const want of awaited) {
      const { model } = want;
      const first = soonest(lines, want);
      if (!first) continue;
      begins.set(model.id, first.at);
      first.line.stand(first.at, loadForecast(fleet, model.id, first.line.server.spec.id)[share]);
    }
    return begins;
  }
}

function soonest(
  lines: readonly ServerLine[],
  want: Want,
): { readonly line: ServerLine; readonly at: Millis } | undefined {
  let first: { line: ServerLine; at: Millis } | undefined;
  for (const line of lines) {
    if (!line.server.repository.has(want.model.id)) continue;
    const at = line.turn(want);
    if (!first || at < first.at) first = { line, at };
  }
  return first;
}

/** When a load should begin and end, from now. One that waits for leases leaves its slot to others until then. */
interface Span {
  /** Null of what has no place yet. */
  readonly replica: Replica | null;
  readonly from: Millis;
  readonly until: Millis;
}

/** The loads that are under way on a server, have their places there, or stand in line for it; nobody knows when one ends that is overdue. */
class ServerLine {
  private readonly spans: Span[];
  /** So many run together, */
  private readonly slots: number;
  /** and so many have their places. */
  private readonly depth: number;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    readonly server: Server,
    { share, beginnings }: { readonly share: Share; readonly beginnings: Beginnings },
    now: Instant,
  ) {
    const { loadsPerServer, loadsPerDevice } = fleet.limits;
    const there = unsettled(fleet).filter(
      (one) => one.server === server.spec.id && !isCarried(one) && isInLine(one),
    );
    const moving = there.filter((one) => !isOverdue(fleet, one, now));
    const overdue = there.length - moving.length;
    const onDevices = loadsPerDevice * (server.devices?.length ?? 0);
    this.spans = moving.map((one) => {
      const from = one.phase === 'placed' ? beginnings.of(one, share) : 0;
      return { replica: one, from, until: from + restOfLoad(fleet, one, now)[share] };
    });
    this.slots = Math.min(Math.max(1, loadsAtMost(fleet, server, overdue) - overdue), onDevices);
    this.depth = Math.min(DEPTH * loadsPerServer - overdue, DEPTH * onDevices);
  }

  /** When a slot is free for somebody behind all these, and the line before it is short enough for it to be given a place. */
  turn(want: Want): Millis {
    const ahead = this.spans.filter(({ replica }) => !replica || !goesBefore(this.fleet, want, replica));
    const ends = ahead.map(({ until }) => until).sort((one, other) => one - other);
    const isShort = ends.length < this.depth ? 0 : ends[ends.length - this.depth]!;
    const turns = [isShort, ...ends.filter((end) => end > isShort)];
    return turns.find((at) => runningAt(ahead, at) < this.slots)!;
  }

  stand(from: Millis, load: Millis): void {
    this.spans.push({ replica: null, from, until: from + load });
  }
}

function runningAt(spans: readonly Span[], at: Millis): number {
  let running = 0;
  for (const { from, until } of spans) if (from <= at && at < until) running += 1;
  return running;
}
