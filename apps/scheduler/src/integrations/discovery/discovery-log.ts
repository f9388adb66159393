import type { Logger } from 'pino';
import type { DiscoveryConfig, DnsQuestion } from '#config';
import type { Change } from './discovered-servers.js';
import type { NoAnswerReason } from './dns-resolver.js';

/** A line names so many servers, and counts the rest. */
const MAX_NAMED = 10;

/** What the last line said of a name. */
interface Told {
  readonly failure: NoAnswerReason | null;
  readonly isMost: boolean;
  readonly leftOut: number;
}

const NOTHING: Told = { failure: null, isMost: false, leftOut: 0 };

/** One line for each change of what DNS says, and of whether it says anything. */
export class DiscoveryLog {
  private readonly told = new Map<string, Told>();

  constructor(private readonly log: Pick<Logger, 'info' | 'warn'>) {}

  answered({ question, leaveSeconds }: DiscoveryConfig, change: Change): void {
    const name = textOf(question);
    const before = this.told.get(name) ?? NOTHING;
    const { isMost, leftOut } = change;
    this.told.set(name, { failure: null, isMost, leftOut });
    if (before.failure !== null) this.log.info({ name }, `discovery: ${name} is answered again`);
    this.tellServers(name, change);
    if (isMost && !before.isMost) {
      const words = `nothing is drained that has not been missing for ${leaveSeconds} s`;
      this.log.warn(
        { name },
        `discovery: more than half of the servers of ${name} vanished at once: ${words}`,
      );
    }
    if (leftOut > 0 && leftOut !== before.leftOut) {
      const words = 'they are malformed, or more than may be found in all';
      this.log.warn({ name, leftOut }, `discovery: ${leftOut} servers of ${name} are left out: ${words}`);
    }
  }

  unanswered({ question }: DiscoveryConfig, reason: NoAnswerReason): void {
    const name = textOf(question);
    const before = this.told.get(name) ?? NOTHING;
    this.told.set(name, { ...before, failure: reason });
    if (before.failure === reason) return;
    this.log.warn(
      { name, reason },
      `discovery: no answer for ${name} (${reason}): the servers that were found stay`,
    );
  }

  private tellServers(name: string, { found, missing, leaving }: Change): void {
    if (found.length > 0)
      this.log.info(
        { name, servers: found.slice(0, MAX_NAMED) },
        `discovery: ${name} has ${wordsFor(found)}`,
      );
    if (missing.length > 0)
      this.log.info(
        { name, servers: missing.slice(0, MAX_NAMED) },
        `discovery: ${name} lacks ${wordsFor(missing)}`,
      );
    if (leaving.length > 0)
      this.log.warn(
        { name, servers: leaving.slice(0, MAX_NAMED) },
        `discovery: gone from ${name}, so drained and then forgotten: ${wordsFor(leaving)}`,
      );
  }
}

function wordsFor(ids: readonly string[]): string {
  const left = ids.length - MAX_NAMED;
  return `${ids.slice(0, MAX_NAMED).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

const textOf = (question: DnsQuestion): string =>
  question.kind === 'srv' ? question.name : `${question.name}:${question.port}`;
