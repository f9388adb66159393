import { type Fleet, unsettled } from '../fleet/fleet.js';
import type { ModelId, ServerId } from '../fleet/ids.js';
import { loadForecast, restOfLoad } from '../learned/load-forecast.js';
import type { Forecast } from '../learned/load-times.js';
import type { Instant, Millis } from '../fleet/model.js';
import { PINNED } from '../demand/rank.js';
import type { Replica } from '../fleet/replica.js';
import type { Server } from '../fleet/server.js';
import { isCarried, isOverdue, loadsAtMost } from '../fleet/standing.js';
import { Beginnings, type Share } from './beginnings.js';
import { DEPTH, ranksBefore, isInLine } from './slot-line.js';
import { awaitedAmong, type Openings } from './openings.js';
import { Spans } from './spans.js';
import { presentCopies, type Want, wantFor } from '../demand/wants.js';

/** What keeps models from being placed: when there could be room for them, and when a load slot should be free. */
export interface Ahead {
  readonly openings: Openings;
  readonly line: LineAhead;
}

/** When load slots should come to models that requests wait for and that stand in line without a place. */
export class LineAhead {
  private readonly known = new Map<Share, LineStarts>();

  /** `inLine` is in the order in which places are given. */
  constructor(
    private readonly fleet: Readonly<Fleet>,
    private readonly inLine: readonly Want[],
    private readonly open: readonly Server[],
    private readonly now: Instant,
  ) {}

  /** How long it should take, from now, until the load of a model can begin: 0 for what does not stand in line. */
  before(model: ModelId, share: Share): Millis {
    if (this.inLine.length === 0) return 0;
    return this.inLineBy(share).begins.get(model) ?? 0;
  }

  /**
   * The same for one more request for a model, also where none waits. It is behind all that stands in line, unless the
   * model is there or has a place.
   */
  behind(id: ModelId): Forecast {
    return { p50: this.turnOf(id, 'p50'), p90: this.turnOf(id, 'p90') };
  }

  private turnOf(id: ModelId, share: Share): Millis {
    const { fleet, now } = this;
    const model = fleet.models.get(id);
    if (!model || fleet.frozen || presentCopies(fleet, id, now) > 0) return 0;
    const { begins, lines } = this.inLineBy(share);
    const known = begins.get(id);
    if (known !== undefined) return known;
    const want = wantFor(fleet, model, now);
    return want.rank === PINNED ? 0 : (soonestLine(lines, want)?.at ?? 0);
  }

  private inLineBy(share: Share): LineStarts {
    let inLine = this.known.get(share);
    if (!inLine) this.known.set(share, (inLine = this.begin(share)));
    return inLine;
  }

  /** Each goes to the server with its files where its turn comes first, and stands before the later ones there. */
  private begin(share: Share): LineStarts {
    const { fleet, open, now } = this;
    const begins = new Map<ModelId, Millis>();
    const beginnings = new Beginnings(fleet, now);
    const loads = loadsInLineByServer(fleet);
    const lines = open.map((server) => {
      const there = loads.get(server.spec.id) ?? NO_LOADS;
      return new ServerLine(fleet, server, there, { share, beginnings, now });
    });
    for (const want of awaitedAmong(fleet, this.inLine)) {
      const { model } = want;
      const first = soonestLine(lines, want);
      if (!first) continue;
      begins.set(model.id, first.at);
      first.line.stand(first.at, loadForecast(fleet, model.id, first.line.server.spec.id)[share]);
    }
    return { begins, lines };
  }
}

const NO_LOADS: readonly Replica[] = [];

/** The loads that are under way or have their places, by server: most have none. */
function loadsInLineByServer(fleet: Readonly<Fleet>): ReadonlyMap<ServerId, readonly Replica[]> {
  const loads = new Map<ServerId, Replica[]>();
  for (const one of unsettled(fleet)) {
    if (isCarried(one) || !isInLine(one)) continue;
    const some = loads.get(one.server);
    if (some) some.push(one);
    else loads.set(one.server, [one]);
  }
  return loads;
}

/** When the loads begin that stand in line, and the lines with them. */
interface LineStarts {
  readonly begins: ReadonlyMap<ModelId, Millis>;
  readonly lines: readonly ServerLine[];
}

function soonestLine(
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

/** By what it is foreseen when the loads begin that have their places. */
interface Foreseen {
  readonly share: Share;
  readonly beginnings: Beginnings;
  readonly now: Instant;
}

/**
 * The loads that are under way on a server, have their places there, or stand in line for it. When an overdue load ends
 * is not known.
 */
class ServerLine {
  private readonly spans: Spans;

  constructor(
    private readonly fleet: Readonly<Fleet>,
    readonly server: Server,
    there: readonly Replica[],
    private readonly foreseen: Foreseen,
  ) {
    const { share, beginnings, now } = foreseen;
    const { loadsPerServer, loadsPerDevice } = fleet.limits;
    const moving = there.filter((one) => !isOverdue(fleet, one, now));
    const overdue = there.length - moving.length;
    const onDevices = loadsPerDevice * (server.devices?.length ?? 0);
    const spans = moving.map((one) => {
      const from = one.phase === 'placed' ? beginnings.of(one, share) : 0;
      return { replica: one, from, until: from + restOfLoad(fleet, one, now)[share] };
    });
    this.spans = new Spans(spans, {
      slots: Math.min(Math.max(1, loadsAtMost(fleet, server, overdue) - overdue), onDevices),
      depth: Math.min(DEPTH * loadsPerServer - overdue, DEPTH * onDevices),
    });
  }

  /** When a slot is free for a want behind all these, and the line before it is short enough for a place. */
  turn(want: Want): Millis {
    return this.spans.turn(
      ({ replica }) => !replica || !ranksBefore(this.fleet, want, replica, this.foreseen.now),
    );
  }

  stand(from: Millis, load: Millis): void {
    this.spans.add({ replica: null, from, until: from + load });
  }
}
