import { Inject, Injectable } from '@nestjs/common';
import type { DeclarationChange } from '#engine';
import { type BrokenRule, invalid, Refused } from '../../transport/errors/refused.js';
import { type Caller, checkNoIfMatch } from '../../transport/access/caller.js';
import { type Heard, type Written, Writes } from '../../admin/idempotency/writes.js';
import { changesOf } from './fleet-changes.js';
import { readFleetMessage } from './fleet-message.js';
import { WebhookDeduplicator } from './webhook-deduplicator.js';
import { Links } from '../../admin/servers/links.js';
import { Metrics } from '#telemetry';
import { Registry } from '../../admin/servers/registry.js';
import { WallTimes } from '../../transport/wall-times.js';

const ASKED = { method: 'POST', path: '/v1/webhooks/fleet' };

/** What a sender is told. */
export interface FleetHeard {
  /** The servers that the message is about, but those of which a later one told; none of a repeat. */
  readonly servers: readonly string[];
  /** Whether the same was said before, so that nothing was done. */
  readonly repeated: boolean;
  /** Whether messages with later timestamps told of all its servers, so that nothing was done. */
  readonly outdated: boolean;
}

/** A message as it came. */
export interface FleetCall {
  readonly body: unknown;
  /** Its header `webhook-id`. */
  readonly id: string | undefined;
  readonly caller: Caller;
}

/** Hears of servers that come and go. Each message is one write, and takes effect once. */
@Injectable()
export class FleetHooks {
  constructor(
    @Inject(WebhookDeduplicator) private readonly deduplicator: WebhookDeduplicator,
    @Inject(Links) private readonly links: Links,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(Registry) private readonly registry: Registry,
    @Inject(WallTimes) private readonly times: WallTimes,
    @Inject(Writes) private readonly writes: Writes,
  ) {}

  /** Resolves once it is durable. Refuses what it does not know or cannot do, and then has changed nothing. */
  async hear(call: FleetCall): Promise<Written<FleetHeard>> {
    const { hookMessages } = this.metrics.counts;
    const asked = { ...ASKED, caller: call.caller };
    try {
      const heard = await this.writes.hear(asked, () => this.prepared(call));
      hookMessages.inc({ webhook: 'fleet', result: resultOf(heard.body) });
      return heard;
    } catch (error) {
      if (error instanceof Refused) hookMessages.inc({ webhook: 'fleet', result: 'refused' });
      throw error;
    }
  }

  private prepared(call: FleetCall): Heard<FleetHeard> {
    const { deduplicator, links, registry, times } = this;
    const { credential } = checked(call.caller);
    const read = readFleetMessage(call.body, call.id);
    if (!read.ok) throw invalid(read.errors);
    const said = { credential, ...read.value };
    if (deduplicator.isRepeat(said))
      return { changes: [], commit: () => ({ servers: [], repeated: true, outdated: false }) };
    const servers = changesOf(registry, said, times.wallNow());
    const ids = servers.map(({ id }) => id);
    const declared = servers.flatMap(({ id, next }): (DeclarationChange & { kind: 'server' })[] =>
      next === undefined ? [] : [{ kind: 'server', id, value: next }],
    );
    const outdated = ids.length === 0;
    // Without an id it would be the latest word about its servers, which it is not.
    const isForgotten = outdated && said.id === null;
    const changes = isForgotten ? [] : [...declared, ...deduplicator.changesFor(said, ids)];
    const commit = (): FleetHeard => {
      deduplicator.follow(changes);
      for (const { id, value } of declared) {
        registry.set(id, value);
        const entry = registry.get(id);
        if (entry) links.follow(entry, times);
        else links.forget(id);
      }
      return { servers: ids, repeated: false, outdated };
    };
    return { changes, commit };
  }
}

const resultOf = ({ repeated, outdated }: FleetHeard) =>
  repeated ? 'repeated' : outdated ? 'outdated' : 'taken';

const KEY_RULE = 'must not be given: webhook-id, or id in the body, says which message it is';

/** The conditions of other writes mean nothing here, and to pass over one would be to break it. */
function checked(caller: Caller): Caller {
  checkNoIfMatch(caller);
  const broken: BrokenRule[] =
    caller.idempotencyKey === null ? [] : [{ path: 'Idempotency-Key', rule: KEY_RULE }];
  if (broken.length > 0) throw invalid(broken);
  return caller;
}
