import type { Fleet, Millis, PressureLevel, Server } from '#core';
import type { Engine } from '#engine';
import type { Lifecycle } from '../lifecycle.js';

/** A server that was not looked at by then does not keep us from serving. */
const PATIENCE: Millis = 10_000;

export type ReadyState = 'starting' | 'ready' | 'pressure' | 'ending';

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

/** What tells of a process whether callers should come to it. */
interface ReadyParts {
  readonly lasting: {
    readonly lifecycle: Lifecycle;
    readonly pressure: { readonly level: PressureLevel };
    readonly routes: { readonly table: { readonly rows: ReadonlyMap<unknown, unknown> } };
  };
  readonly leading: { readonly readiness: Readiness } | null;
  readonly following: { readonly answersWarm: boolean } | null;
}

/** Whether callers should come to this process, whether it leads or not: it can answer warm calls, and is not leaving. */
export function readyStateOf(parts: ReadyParts): ReadyState {
  const { lasting, leading } = parts;
  if (lasting.lifecycle.isEnding) return 'ending';
  const state = leading?.readiness.state() ?? 'starting';
  if (state !== 'starting' || !isTold(parts)) return state;
  return lasting.pressure.level === 'extreme' ? 'pressure' : 'ready';
}

/** Whether another leader has told the routes. One that leads and has not looked yet goes by these rows, where there are any. */
function isTold({ leading, following, lasting }: ReadyParts): boolean {
  if (following === null) return false;
  return leading === null ? following.answersWarm : lasting.routes.table.rows.size > 0;
}

function haveSettled({ startedAt, servers, serversAwaited }: Readonly<Fleet>, now: number): boolean {
  if (startedAt === null) return false;
  return now - startedAt >= PATIENCE || (!serversAwaited && [...servers.values()].every(hasSettled));
}

const hasSettled = ({ lookedAt, mode, contact }: Server): boolean =>
  lookedAt !== null || (mode !== null && mode !== 'explicit') || contact.kind === 'lost';
