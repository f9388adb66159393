import { Now } from '#core';
import type { Logger } from 'pino';
import { type Fleet, ordersAtOnce, type Server, type ServerId, serverState } from '#core';
import type { Observer, Turn } from '#engine';

/** One line whenever it changes how a server stands, and what keeps anything from being placed on it. */
export class ServerLog implements Observer {
  private readonly told = new Map<ServerId, string>();
  /** The servers of which it was told that an ensemble bounds the orders there. */
  private readonly bounded = new Set<ServerId>();

  constructor(private readonly log: Logger) {}

  turnTaken({ now }: Turn, fleet: Fleet): void {
    for (const [id, server] of fleet.servers) {
      this.tell(id, serverState(fleet, server, new Now(now)), server);
      this.tellBound(id, ordersAtOnce(fleet, server), fleet.limits.loadsPerServer);
    }
    for (const told of [this.told, this.bounded])
      for (const id of told.keys()) if (!fleet.servers.has(id)) told.delete(id);
  }

  private tellBound(server: ServerId, most: number, loadsPerServer: number): void {
    if (most >= loadsPerServer || this.bounded.has(server)) return;
    this.bounded.add(server);
    const words = `server ${server} has an ensemble: at most ${most} loads and ${most} unloads at once there`;
    this.log.info({ server, most, loadsPerServer }, words);
  }

  private tell(server: ServerId, state: State, { version, incarnation, devices }: Server): void {
    const lacksDevices = state === 'ready' && (devices?.length ?? 0) === 0;
    const words = lacksDevices ? NO_DEVICES : WORDS[state];
    const before = this.told.get(server);
    if (before === words || (before === undefined && state === 'connecting')) return;
    this.told.set(server, words);
    const facts = { server, state, incarnation, version };
    this.log[lacksDevices || TROUBLES.has(state) ? 'warn' : 'info'](facts, `server ${server} ${words}`);
  }
}

type State = ReturnType<typeof serverState>;

const WORDS: Readonly<Record<State, string>> = {
  connecting: 'is being connected to',
  ready: 'is ready',
  stale: 'answers slowly or not at all; its routes stay, nothing new is placed on it',
  lost: 'cannot be reached; its routes are withdrawn',
  wrong_mode: 'loads its models by itself and is left alone: it needs --model-control-mode=explicit',
  restricted: 'restricts its model-repository protocol: `headers` must name the key',
  draining: 'is being drained',
  drained: 'is drained',
};

const NO_DEVICES =
  'is ready, but nothing can be placed on it: its metrics do not tell of any device, and none is declared';

const TROUBLES: ReadonlySet<State> = new Set(['stale', 'lost', 'wrong_mode', 'restricted']);
