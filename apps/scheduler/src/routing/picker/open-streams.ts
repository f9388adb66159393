import { type Instant, type Millis, type ModelId, type ReplicaId, replicaId, type ServerId } from '#core';
import type { OpenUses } from '../../cluster/replication/open-uses.js';
import { Chain, Link } from '../../transport/limits/chain.js';

/** A copy counts as used for so long after it was last reported: once a second, and a report may be late. */
const REPORTED_FOR: Millis = 2_000;

/** A request that a server answers. It holds its copy. */
export class OpenStream extends Link {
  private until: Instant;

  constructor(
    readonly copy: { readonly id: ReplicaId; readonly model: ModelId; readonly server: ServerId },
    /** How long it holds its copy after the last bytes of its caller. */
    private readonly longest: Millis,
    private readonly now: () => Instant,
  ) {
    super();
    this.until = now() + longest;
  }

  /** The caller has sent something. */
  touch(): void {
    this.until = this.now() + this.longest;
  }

  /** Until when its copy counts as used by what is reported now; in the past: it does not. */
  usedUntil(now: Instant): Instant {
    return Math.min(now + REPORTED_FOR, this.until);
  }
}

/** The requests that Envoy has sent to servers, and that are not over. */
export class OpenStreams {
  private readonly open = new Chain<OpenStream>();

  constructor(private readonly now: () => Instant) {}

  /** Holds a copy from now on, for `longest` at most; until the stream leaves. */
  begin(model: string, server: string, longest: Millis): OpenStream {
    const [modelId, serverId] = [model as ModelId, server as ServerId];
    const copy = { id: replicaId(modelId, serverId), model: modelId, server: serverId };
    const stream = new OpenStream(copy, longest, this.now);
    this.open.add(stream);
    return stream;
  }

  /** To be called once a second: copies with open streams count as used, as gateways report it. */
  report(uses: Pick<OpenUses, 'note'>): void {
    const now = this.now();
    for (const stream of this.open.all()) {
      const until = stream.usedUntil(now);
      if (until > now) uses.note(stream.copy, now, until, 0);
    }
  }
}
