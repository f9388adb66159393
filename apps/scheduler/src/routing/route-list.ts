import { Inject, Injectable } from '@nestjs/common';
import type { RouteServerMessage } from '#contracts';
import type { WatchedServer } from '../cluster/replication/route-event.js';
import { sentRow } from '../cluster/replication/route-publisher.js';
import { type Steps, TimeSlicer } from '../transport/lists/time-slicer.js';
import { GatewayRoutes } from './gateway-routes.js';
import { rowJson, versionJson, versionName } from './route-json.js';

/** The table as it is answered; `text` null: the caller has it already. */
interface Listed {
  readonly tag: string;
  readonly text: string | null;
}

/** The whole table, for gateways that ask for it every few seconds. */
@Injectable()
export class RouteList {
  private readonly slicer = new TimeSlicer();
  /** The present version as it was first told here; `servers` null: something has changed within the version, or may yet. */
  private first: { readonly tag: string; servers: readonly RouteServerMessage[] | null } | null = null;

  constructor(@Inject(GatewayRoutes) private readonly gateways: GatewayRoutes) {}

  /** `ifNoneMatch`: the tags of what the caller has. */
  async read(ifNoneMatch: string | undefined, signal: AbortSignal): Promise<Listed> {
    const { servers, version } = this.gateways.polled();
    const tag = tagOf(version);
    const isSame = this.isAsFirstTold(tag, [...servers.values()]);
    if (isSame && ifNoneMatch !== undefined && names(ifNoneMatch, tag)) return { tag, text: null };
    return await this.slicer.run(this.whole(), signal);
  }

  private *whole(): Steps<Listed> {
    const { rows, servers, version } = this.gateways.polled();
    const now = this.gateways.now();
    const tag = tagOf(version);
    this.isAsFirstTold(tag, [...servers.values()]);
    const told = JSON.stringify([...servers.values()].map(({ server }) => server));
    const texts: string[] = [];
    // Rows are replaced and never changed: these stay what the version says.
    for (const row of [...rows.values()]) {
      yield;
      texts.push(JSON.stringify(rowJson(sentRow(row, now))));
    }
    const text = `{"routeVersion":${JSON.stringify(versionJson(version))},"servers":${told},"routes":[${texts.join(',')}]}`;
    return { tag, text };
  }

  /**
   * Whether a version is still what this process first told of it. Servers change within one, and rows of the term before end
   * within one until the leader has looked at all servers.
   */
  private isAsFirstTold(tag: string, servers: readonly WatchedServer[]): boolean {
    const told = servers.every(({ isObserved }) => isObserved) ? servers.map(({ server }) => server) : null;
    const { first } = this;
    if (first?.tag !== tag) {
      this.first = { tag, servers: told };
      return false;
    }
    if (told?.length !== first.servers?.length || told?.some((one, nth) => one !== first.servers?.[nth]))
      first.servers = null;
    return first.servers !== null;
  }
}

const tagOf = (version: Parameters<typeof versionName>[0]): string => `"${versionName(version)}"`;

/** Whether `If-None-Match` names a tag. */
const names = (header: string, tag: string): boolean =>
  header.split(',').some((one) => ['*', tag, `W/${tag}`].includes(one.trim()));
