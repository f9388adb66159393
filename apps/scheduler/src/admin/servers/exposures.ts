import { Interval } from '@nestjs/schedule';
import type { Logger } from 'pino';
import { isLoopback, parseAddress, type ServerConfig } from '#config';
import type { ServerId } from '#core';
import type { Engine } from '#engine';
import type { Registry } from './registry.js';

/** What makes a server easier to attack than it has to be. */
export type Exposure = 'old_version' | 'open_control';

const MEANINGS: Readonly<Record<Exposure, string>> = {
  old_version: 'Triton is older than 2.71 and lacks fixes of security holes',
  open_control: 'it is controlled over a network without the key of a restricted protocol',
};

/** Release 26.07. */
const SAFE_SINCE = [2, 71] as const;
/** Triton asks for the key of a restricted protocol in a header of this name, with a name of the operator's own at its end. */
const KEY_HEADER = 'triton-grpc-protocol-';

/** What is exposed about a server, by what is declared of it and by the version that it told; null: none yet. */
export function exposuresOf({ grpc, headers }: ServerConfig, version: string | null): Exposure[] {
  const isLocal = isLoopback(parseAddress(grpc)?.host ?? '');
  const hasKey = Object.keys(headers).some((name) => name.toLowerCase().startsWith(KEY_HEADER));
  return [
    ...(version !== null && isOld(version) ? (['old_version'] as const) : []),
    ...(isLocal || hasKey ? [] : (['open_control'] as const)),
  ];
}

/** A version that says no numbers is not judged. */
function isOld(version: string): boolean {
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})/.exec(version) ?? [];
  if (major === undefined) return false;
  const [safeMajor, safeMinor] = SAFE_SINCE;
  return Number(major) < safeMajor || (Number(major) === safeMajor && Number(minor) < safeMinor);
}

/** One line whenever something becomes exposed about a server, and when it is over. */
export class ExposureLog {
  private readonly told = new Map<string, readonly Exposure[]>();

  /** Nothing is told of the servers named in `quiet`. */
  constructor(
    private readonly engine: Pick<Engine, 'fleet'>,
    private readonly registry: Pick<Registry, 'all'>,
    private readonly log: Pick<Logger, 'info' | 'warn'>,
    private readonly quiet: ReadonlySet<string>,
  ) {}

  /** Looks at all servers. */
  @Interval(1_000)
  look(): void {
    const entries = this.registry.all().filter(({ id }) => !this.quiet.has(id));
    for (const { id, config } of entries) {
      this.tell(id, exposuresOf(config, this.engine.fleet.servers.get(id as ServerId)?.version ?? null));
    }
    const ids = new Set(entries.map(({ id }) => id));
    for (const id of this.told.keys()) if (!ids.has(id)) this.told.delete(id);
  }

  private tell(id: string, flags: readonly Exposure[]): void {
    const before = this.told.get(id) ?? [];
    this.told.set(id, flags);
    for (const flag of flags) {
      if (!before.includes(flag))
        this.log.warn({ server: id, flag }, `server ${id}: ${flag}, ${MEANINGS[flag]}`);
    }
    for (const flag of before) {
      if (!flags.includes(flag)) this.log.info({ server: id, flag }, `server ${id}: no longer ${flag}`);
    }
  }
}
