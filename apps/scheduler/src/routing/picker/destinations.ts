import { Inject, Injectable } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { longestLeaseOf } from '#access';
import type { RouteMessage, RouteServerMessage } from '#contracts';
import type { ServerId } from '#core';
import { Terms } from '../../cluster/leadership/per-term.js';
import { WatchedTable } from '../../cluster/replication/watched-table.js';
import { Refused } from '../../transport/errors/refused.js';
import type { Asked } from './asked.js';
import { Avoided } from './avoided.js';
import type { EnvoyCaller } from './envoy-caller.js';
import type { Picked } from './exchange.js';
import { OpenStreams } from './open-streams.js';
import { AGAIN, PickRefusals } from './pick-refusals.js';
import type { ProcessingResponse } from './processing.js';
import { Upstreams } from './upstreams.js';

/** How long a request holds its copy after the last bytes of its caller, at most. */
const MAX_HELD_MS = 600_000;
/** One request is asked anew so often after a server had lost the model. */
const MAX_AGAIN = 2;

/** Sends requests to the addresses of servers, holds their copies meanwhile, and sees which server has lost its model. */
@Injectable()
export class Destinations {
  private readonly streams: OpenStreams;
  private readonly avoided: Avoided;

  constructor(
    @Inject(WatchedTable) private readonly routes: WatchedTable,
    @Inject(Terms) private readonly terms: Terms,
    @Inject(Upstreams) private readonly upstreams: Upstreams,
    @Inject(PickRefusals) private readonly refusals: PickRefusals,
  ) {
    this.streams = new OpenStreams(routes.now);
    this.avoided = new Avoided(routes.now);
  }

  /** The servers that were seen without a model. */
  avoidedFor(model: string): readonly ServerId[] {
    return this.avoided.of(model);
  }

  /** Copies with open requests count as used. */
  @Interval(1_000)
  report(): void {
    this.streams.report(this.routes.table.uses);
  }

  /** Where a request goes by a route. */
  by(route: RouteMessage, asked: Asked, caller: EnvoyCaller): Picked | Promise<Picked> {
    const { server } = route;
    const address = this.upstreams.at(server, asked.protocol);
    if (address !== undefined) return this.begun(asked, route, caller, address);
    return this.upstreams
      .found(server, asked.protocol)
      .then((found) => this.begun(asked, route, caller, found));
  }

  /** Where a request goes that holds no copy. */
  to({ protocol }: Asked, server: RouteServerMessage, path?: string): Picked | Promise<Picked> {
    const pick = (address: string): Picked => ({
      ...NOTHING_HELD,
      address,
      ...(path !== undefined && { path }),
    });
    const address = this.upstreams.at(server, protocol);
    return address === undefined ? this.upstreams.found(server, protocol).then(pick) : pick(address);
  }

  /** The request holds its copy until it is over. */
  private begun(asked: Asked, route: RouteMessage, caller: EnvoyCaller, address: string): Picked {
    const longest = Math.min(MAX_HELD_MS, longestLeaseOf(caller.principal));
    const stream = this.streams.begin(route.model, route.server.id, longest);
    return {
      address,
      touched: () => stream.touch(),
      over: () => stream.leave(),
      answered: (headers) => this.answered(asked, route.server.id, headers),
    };
  }

  /** What a server has answered stands, unless it shows that the server has lost the model or is not there. */
  private answered(
    asked: Asked,
    server: string,
    headers: ReadonlyMap<string, string>,
  ): ProcessingResponse | undefined {
    const isRefusedConnection = headers.get(':status') === '503' && headers.has(AGAIN);
    const isLost = !isRefusedConnection && hasLost(asked, headers);
    if (!isRefusedConnection && !isLost) return undefined;
    this.avoided.add(asked.model!, server);
    this.terms.doubt(this.avoided.of(asked.model!));
    if (isRefusedConnection || asked.attempt > MAX_AGAIN) return undefined;
    return this.refusals.of(lostBy(server), asked, true);
  }
}

const NOTHING_HELD = { touched: () => undefined, over: () => undefined, answered: () => undefined };

const lostBy = (server: string): Refused =>
  new Refused({
    reason: 'no_server',
    detail: `server ${server} does not have the model any more`,
    retryAfter: 1_000,
  });

const UNKNOWN_MODEL = /^Request for unknown model/;

/** Whether an answer says that its server does not have the model. Triton says 503 also where it has too much to do. */
function hasLost({ kind, protocol }: Asked, headers: ReadonlyMap<string, string>): boolean {
  if (protocol === 'http') return kind === 'infer' && headers.get(':status') === '404';
  const code = headers.get('grpc-status');
  return code === '5' || (code === '14' && UNKNOWN_MODEL.test(decoded(headers.get('grpc-message') ?? '')));
}

/** gRPC writes messages with percent signs. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
}
