import { Now } from '#core';
import type { Logger } from 'pino';
import {
  type DeviceFlag,
  deviceFlags,
  type Failures,
  failsInPart,
  type Fleet,
  hasOutlived,
  memoryOf,
  replicasOn,
  type Server,
  type ServerFlag,
  serverFlags,
  type ServerId,
} from '#core';
import type { Observer, Turn } from '#engine';

/** One line whenever a look shows that something is odd about a server or one of its devices, and when it is over. */
export class FlagLog implements Observer {
  private readonly told = new Map<ServerId, readonly string[]>();

  constructor(private readonly log: Logger) {}

  turnTaken({ events, now }: Turn, fleet: Fleet): void {
    for (const event of events) {
      const server = event.kind === 'Looked' ? fleet.servers.get(event.server) : undefined;
      if (server) this.tell(server, flagsOf(fleet, server, now));
    }
    for (const id of this.told.keys()) if (!fleet.servers.has(id)) this.told.delete(id);
  }

  private tell({ spec: { id } }: Server, meanings: ReadonlyMap<string, string>): void {
    const flags = [...meanings.keys()];
    const before = this.told.get(id) ?? [];
    if (String(before) === String(flags)) return;
    this.told.set(id, flags);
    for (const flag of flags) {
      if (!before.includes(flag))
        this.log.warn({ server: id, flag }, `server ${id}: ${flag}, ${meanings.get(flag)}`);
    }
    for (const flag of before) {
      if (!flags.includes(flag)) this.log.info({ server: id, flag }, `server ${id}: no longer ${flag}`);
    }
  }
}

/** What `ClosedLog` tells. */
const TOLD_ELSEWHERE = 'closed';

/** The flags of a server and, with the device before them, of its devices. */
function flagsOf(fleet: Fleet, server: Server, now: number): ReadonlyMap<string, string> {
  const memory = memoryOf(fleet);
  const ofDevices = (server.devices ?? []).flatMap((device) =>
    deviceFlags(server, device, memory(device.account))
      .filter((flag) => flag !== TOLD_ELSEWHERE)
      .map((flag) => `device ${device.ordinal} ${flag}`),
  );
  const outlived = replicasOn(fleet, server.spec.id)
    .filter(hasOutlived)
    .map(({ model }) => `model ${model} outlived`);
  const failing = replicasOn(fleet, server.spec.id).flatMap((one): [string, string][] => {
    const fails = failsInPart(fleet, one, new Now(now));
    return fails ? [[`model ${one.model} fails`, failureWords(fails)]] : [];
  });
  const flags = [...serverFlags(fleet, server, new Now(now)), ...ofDevices, ...outlived];
  return new Map([...flags.map((flag): [string, string] => [flag, meaningOf(flag)]), ...failing]);
}

const failureWords = ({ failed, of, mayBeGivenUp }: Failures): string =>
  `${failed} of ${of} executions within 30 s failed${mayBeGivenUp ? ', or their callers gave up in its queue' : ''}`;

const MEANINGS: Readonly<
  Record<ServerFlag | 'outlived' | Exclude<DeviceFlag, typeof TOLD_ELSEWHERE>, string>
> = {
  outlived: 'its unload was acknowledged and had no effect: load it, then unload it; Berth orders nothing',
  stuck_load: 'a load runs for longer than it can plausibly take',
  stuck_unload: 'an unload runs for longer than it can plausibly take',
  hidden_copy: 'an older copy of a model may live on where no call shows it',
  failing_model: 'a model that Triton calls ready fails, always or often',
  needs_restart: 'only a new process gives back what is stuck or lost there: drain it, restart it',
  memory_late:
    'it gives memory back late: an unload lasts until what is in use shows that, or a window longer',
  metrics_late:
    'its Triton reads its GPUs more rarely than metricsIntervalMs says: the default of 2 s counts',
  overcommitted: 'more is held than is left for us; it takes nothing new',
  miscounted: 'the metrics show another number of GPUs than before; what was found is gone by',
  unmapped: 'which of the GPUs in the metrics it is cannot be told; declare its uuid',
  unmeasured: 'the metrics say nothing of it; the declared sizes are gone by',
  residue: 'much of its memory was not given back by unloads',
};

const meaningOf = (flag: string): string =>
  MEANINGS[flag.slice(flag.lastIndexOf(' ') + 1) as keyof typeof MEANINGS];
