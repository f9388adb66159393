import { Inject, Injectable } from '@nestjs/common';
import type { Principal } from '#access';
import type { ResolveQuery } from '#engine';
import { notePrincipal } from '../../transport/access/principals.js';
import { Metrics } from '#telemetry';
import { WatchedTable } from '../../cluster/replication/watched-table.js';
import { Refused } from '../../transport/errors/refused.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { queryOf } from '../resolve-request.js';
import { Resolver } from '../resolver.js';
import type { Asked } from './asked.js';
import { type Objectives, NamedCallers } from './named-callers.js';
import { ColdPicks } from './cold-picks.js';
import { Destinations } from './destinations.js';
import type { EnvoyCaller } from './envoy-caller.js';
import type { ExchangeParts, Picked } from './exchange.js';
import { PickRefusals } from './pick-refusals.js';
import { patienceOf } from './processing.js';
import { PresentCopies } from './present-copies.js';

/** `max_message_timeout` of the configuration that we ship: Envoy ignores what is longer. */
const MAX_PATIENCE_MS = 600_000;
/** Time for a refusal to come after the end of the wait. */
const MARGIN_MS = 1_000;

/** What Nest hands in: the objectives of the configuration as it holds now. */
export const OBJECTIVES = Symbol('Objectives');

/** Finds servers for the requests of Envoy's clients, by the resolver that serves all other calls, too. */
@Injectable()
export class Picker {
  private readonly callers: NamedCallers;

  constructor(
    @Inject(Resolver) private readonly resolver: Resolver,
    @Inject(PresentCopies) private readonly present: PresentCopies,
    @Inject(ColdPicks) private readonly cold: ColdPicks,
    @Inject(Destinations) private readonly destinations: Destinations,
    @Inject(PickRefusals) private readonly refusals: PickRefusals,
    @Inject(Lifecycle) private readonly lifecycle: Lifecycle,
    @Inject(WatchedTable) { now }: WatchedTable,
    @Inject(Metrics) { counts }: Metrics,
    @Inject(OBJECTIVES) objectives: () => Objectives,
  ) {
    this.callers = new NamedCallers(now, objectives, () => counts.objectivesUnknown.inc());
  }

  /** What an exchange with this caller asks. */
  of(caller: EnvoyCaller): Omit<ExchangeParts, 'tell' | 'pause' | 'resume'> {
    return {
      pick: (asked, waits) => this.pick(asked, caller, waits),
      refusal: (error, asked) => this.refusals.of(error, asked),
      patience: (asked) => patienceOf(Math.min(MAX_PATIENCE_MS, this.longestWait(asked) + MARGIN_MS)),
    };
  }

  private pick(asked: Asked, caller: EnvoyCaller, waits: () => void): Picked | Promise<Picked> {
    this.lifecycle.admit();
    if (asked.kind === 'administer') throw NOT_ALLOWED;
    if (asked.kind === 'unknown') throw NOT_FOUND;
    if (asked.kind === 'server') return this.destinations.to(asked, this.present.anyServer());
    const named = this.named(asked, caller);
    const query = this.queryOf(asked, named.principal);
    const starts = asked.kind === 'infer' || asked.kind === 'describe';
    if (!starts) return this.destinations.to(asked, ...this.present.of(asked, query));
    const warm = this.resolver.warm(query);
    if (warm !== undefined) return this.destinations.by(warm, asked, caller);
    waits();
    return this.cold.wait(query, named).then((route) => this.destinations.by(route, asked, caller));
  }

  /** The caller as a request of its clients names itself; a leader that is asked hears of that. */
  private named(asked: Asked, caller: EnvoyCaller): EnvoyCaller {
    const principal = this.callers.callerOf(asked, caller.principal);
    if (principal === caller.principal) return caller;
    const metadata = caller.metadata.clone();
    notePrincipal(metadata, principal);
    return { ...caller, principal, metadata };
  }

  private queryOf(asked: Asked, principal: Principal): ResolveQuery {
    const { model, version, wait, affinityKey, requestId } = asked;
    const named = this.callers.classOf(asked, principal);
    const most = wait === null ? null : Math.min(wait, MAX_PATIENCE_MS - MARGIN_MS);
    return queryOf(principal, model!, {
      ...(version !== null && { version }),
      ...(most !== null && { waitMs: most }),
      ...(affinityKey !== undefined && { affinityKey }),
      ...(requestId !== undefined && { requestId }),
      ...(named !== null && { class: named }),
      avoid: this.destinations.avoidedFor(model!),
    });
  }

  /** How long the caller can wait: as long as it says and the model allows. A follower does not know the model. */
  private longestWait({ model, wait }: Asked): number {
    return Math.min(wait ?? Infinity, this.present.longestWait(model!) ?? MAX_PATIENCE_MS);
  }
}

const NOT_ALLOWED = new Refused({
  reason: 'not_allowed',
  detail: 'Berth alone changes what servers have loaded, and their settings',
});
const NOT_FOUND = new Refused({ reason: 'not_found' });
