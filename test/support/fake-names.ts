import {
  NoAnswer,
  type NoAnswerReason,
  type DnsResolver,
  type Place,
} from '../../apps/scheduler/src/integrations/discovery/dns-resolver.js';

/** What a DNS server tells, by name. */
export interface Zone {
  readonly srv?: Readonly<Record<string, readonly Place[]>>;
  readonly a?: Readonly<Record<string, readonly string[]>>;
  readonly aaaa?: Readonly<Record<string, readonly string[]>>;
}

/** DNS without a network: it answers what was published last, or not at all. */
export class FakeNames implements DnsResolver {
  private zone: Zone = {};
  private failure: NoAnswerReason | null = null;
  /** How many questions were asked. */
  asked = 0;

  publish(zone: Zone): void {
    this.zone = zone;
    this.failure = null;
  }

  /** Every question ends so from now on, until something is published. */
  fail(reason: NoAnswerReason): void {
    this.failure = reason;
  }

  srv(name: string, signal: AbortSignal): Promise<readonly Place[]> {
    return this.answer(() => this.zone.srv?.[name] ?? [], signal);
  }

  addresses(name: string, signal: AbortSignal): Promise<readonly string[]> {
    return this.answer(() => this.zone.a?.[name] ?? this.zone.aaaa?.[name] ?? [], signal);
  }

  private answer<T>(read: () => T, { aborted }: AbortSignal): Promise<T> {
    this.asked += 1;
    const failure = aborted ? 'timeout' : this.failure;
    return failure === null
      ? Promise.resolve(read())
      : Promise.reject(new NoAnswer(failure, { cause: 'as the test says' }));
  }
}
