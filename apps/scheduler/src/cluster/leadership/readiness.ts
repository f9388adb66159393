import { Inject, Injectable } from '@nestjs/common';
import type { Fleet, Millis, Server } from '#core';
import type { Engine } from '#engine';
import { WatchedTable } from '../replication/watched-table.js';
import { Lifecycle } from '../../transport/lifecycle.js';
import { PressureMonitor } from '../../transport/limits/pressure-monitor.js';
import { ProcessHealth, type ReadyState } from '../../transport/health/process-health.js';
import { Terms } from './per-term.js';
import { StoreWatch } from './store-watch.js';

/** A server that was not looked at by then does not keep us from serving. */
const PATIENCE: Millis = 10_000;

/** Whether callers should come: the first looks have settled, our own work does not stifle us, and we are not leaving. */
export class Readiness {
  private settled = false;

  constructor(
    private readonly engine: Engine,
    private readonly lifecycle: Lifecycle,
  ) {}

  state(): ReadyState {
    if (this.lifecycle.isEnding) return 'ending';
    this.settled ||= haveSettled(this.engine.fleet, this.engine.now());
    if (!this.settled) return 'starting';
    return this.engine.fleet.pressure.level === 'extreme' ? 'pressure' : 'ready';
  }
}

/** Whether callers should come to this process, whether it leads or not: it can answer warm calls, and is not leaving. */
@Injectable()
export class ProcessReadiness extends ProcessHealth {
  constructor(
    @Inject(Lifecycle) private readonly lifecycle: Pick<Lifecycle, 'isEnding'>,
    @Inject(PressureMonitor) private readonly pressure: Pick<PressureMonitor, 'level'>,
    @Inject(Terms) private readonly terms: Pick<Terms, 'following' | 'leading'>,
    @Inject(WatchedTable) private readonly routes: Pick<WatchedTable, 'table'>,
  ) {
    super();
  }

  isStoreOk(): boolean {
    return this.terms.leading?.get(StoreWatch).isOk() ?? true;
  }

  state(): ReadyState {
    if (this.lifecycle.isEnding) return 'ending';
    const state = this.terms.leading?.get(Readiness).state() ?? 'starting';
    if (state !== 'starting' || !this.isTold()) return state;
    return this.pressure.level === 'extreme' ? 'pressure' : 'ready';
  }

  /** Whether another leader has told the routes. One that leads and has not looked yet goes by these rows, where there are any. */
  private isTold(): boolean {
    const { following, leading } = this.terms;
    if (following === null) return false;
    return leading === null ? following.answersWarm : this.routes.table.rows.size > 0;
  }
}

function haveSettled({ startedAt, servers, serversAwaited }: Readonly<Fleet>, now: number): boolean {
  if (startedAt === null) return false;
  return now - startedAt >= PATIENCE || (!serversAwaited && [...servers.values()].every(hasSettled));
}

const hasSettled = ({ lookedAt, mode, contact }: Server): boolean =>
  lookedAt !== null || (mode !== null && mode !== 'explicit') || contact.kind === 'lost';
