import type { ExplanationMessage, HoldMessage, VictimMessage } from '../explanation.js';
import { closedWords } from './closed-words.js';
import { counted } from './printable.js';
import { bounded, type Column, section } from './table.js';
import { away, lasting } from './times.js';

/** A recording knows whether a model was declared, and not where. */
type Explained = Omit<ExplanationMessage, 'source' | 'lines'> & { readonly source: string };
type Copy = ExplanationMessage['copies'][number];
type Server = ExplanationMessage['servers'][number];
type Device = ExplanationMessage['devices'][number];

/** Why a model is where it is: its demand, its copies, each device in numbers, and what would have to leave. */
export function explanationLines(told: Explained, now: number): string[] {
  const { copies, servers, devices } = told;
  const victims = victimRows(told);
  const leftOut = [...devices, ...servers.flatMap(({ host }) => host ?? [])].reduce(
    (sum, { victimsLeftOut }) => sum + victimsLeftOut,
    0,
  );
  return bounded([
    ...headLines(told, now),
    ...section(copies, copyColumns(now)),
    ...(servers.length === 0 ? ['', 'no server is declared'] : section(servers, serverColumns(now))),
    ...section(devices, deviceColumns(now)),
    ...devices.flatMap((device) => closedLine(device, now)),
    ...section(victims, victimColumns(now)),
    ...(leftOut > 0 ? [`and ${leftOut} more that hold less`] : []),
  ]);
}

function headLines(told: Explained, now: number): string[] {
  const { lastFailure, nextTryAt, lastUnload, copies, lackingSince, orderedUntil } = told;
  const lines: [string, string | null][] = [
    ['model', `${told.model}, ${told.source}${told.enabled ? '' : ', disabled'}`],
    ['state', told.state],
    ['copies', `${told.presentCopies} there or on the way, ${told.pinnedCopies} pinned`],
    ['requests', `${told.waiting} waiting`],
    ['lacking', lackingSince && `since ${away(lackingSince, now)}`],
    ['ordered', orderedUntil && `ends ${away(orderedUntil, now)}`],
    ['progress', told.progress && progressWords(told.progress)],
    ['a request', requestWords(told)],
    ['failed', lastFailure && `${away(lastFailure.at, now)}: ${lastFailure.cause}`],
    ['next try', nextTryAt && away(nextTryAt, now)],
    ...copies.flatMap(({ server, failures }): [string, string][] =>
      failures ? [['fails', `on ${server}: ${failureWords(failures)}`]] : [],
    ),
    ['left', copies.length > 0 ? null : lastUnload && departure(lastUnload, now)],
  ];
  return lines.flatMap(([title, words]) => (words === null ? [] : [`${title.padEnd(11)}${words}`]));
}

/** How many of the executions of a copy have failed. */
const failureWords = ({ failed, of, mayBeGivenUp }: NonNullable<Copy['failures']>): string =>
  `${failed} of ${of} executions within 30 s failed${mayBeGivenUp ? ', or their callers gave up in its queue' : ''}`;

function progressWords({ phase, etaMs }: NonNullable<ExplanationMessage['progress']>): string {
  return `${phase}, ${etaMs === null ? 'there is no telling when' : `ready in about ${lasting(etaMs)}`}`;
}

function requestWords({ refusal, predictedWaitMs: wait }: Explained): string {
  if (refusal !== null) return `would be refused: ${worded(refusal)}`;
  if (wait === null) return 'would wait, and there is no telling how long';
  return wait === 0 ? 'would be answered at once' : `would wait about ${lasting(wait)}`;
}

const departure = (
  { at, reason, for: newcomer }: NonNullable<ExplanationMessage['lastUnload']>,
  now: number,
): string => `${away(at, now)}: ${leavingWords(reason, newcomer)}`;

const leavingWords = (reason: string | null, newcomer: string | null): string =>
  [reason ?? '', newcomer === null ? '' : `for ${newcomer}`].filter((word) => word !== '').join(' ');

const copyColumns = (now: number): Column<Copy>[] => [
  { title: 'COPY ON', cell: ({ server, devices }) => placeWords(server, devices) },
  { title: 'PHASE', cell: ({ phase }) => phase },
  { title: 'SINCE', cell: ({ since }) => away(since, now) },
  { title: 'UNTIL', cell: ({ until }) => (until === null ? '' : away(until, now)) },
  { title: 'MEMORY', cell: ({ memoryMb }) => `${memoryMb} MiB` },
  { title: 'STAYS BECAUSE', cell: ({ holds }) => holds.map((hold) => holdWords(hold, now)).join('; ') },
  {
    title: 'LEAVES',
    cell: ({ leaving }) => (leaving === null ? '' : leavingWords(leaving.reason, leaving.for)),
  },
];

const placeWords = (server: string, devices: readonly number[]): string =>
  devices.length === 0 ? server : `${server}:${devices.join(',')}`;

const serverColumns = (now: number): Column<Server>[] => [
  { title: 'SERVER', cell: ({ server }) => server },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'VERDICT', cell: (server) => verdictWords(server, now) },
  {
    title: 'COOLDOWN',
    cell: ({ cooldown }) =>
      cooldown === null ? '' : `${cooldown.cause}, ends ${coolingEnds(cooldown, now)}`,
  },
  {
    title: 'HOST FREE',
    cell: ({ host }) => (host === null ? '' : `${host.freeMb} of ${host.capacityMb} MiB`),
  },
  { title: 'HOST NEEDS', cell: ({ host }) => mib(host?.needsMb ?? null) },
  { title: 'HOST SHORT', cell: ({ host }) => mib(host?.shortMb || null) },
  { title: 'FLAGS', cell: ({ flags }) => flags.join(',') },
];

const coolingEnds = ({ until }: NonNullable<Server['cooldown']>, now: number): string =>
  until === null ? 'with a load elsewhere' : away(until, now);

const worded = (word: string): string => word.replaceAll('_', ' ');
const mib = (amount: number | null): string => (amount === null ? '' : `${amount} MiB`);

/** What passes by itself says when, but a cooldown, which has a column of its own. */
const verdictWords = ({ verdict, until }: Pick<Device, 'verdict' | 'until'>, now: number): string =>
  until === null || verdict === 'cooling_down'
    ? worded(verdict)
    : `${worded(verdict)}, ends ${away(until, now)}`;

const deviceColumns = (now: number): Column<Device>[] => [
  { title: 'DEVICE', cell: ({ server, ordinal }) => `${server}:${ordinal}` },
  { title: 'VERDICT', cell: (device) => verdictWords(device, now) },
  { title: 'WITH', cell: ({ together }) => (together.length > 1 ? together.join(',') : '') },
  { title: 'NEEDS', cell: ({ needsMb }) => mib(needsMb) },
  { title: 'FREE', cell: ({ freeMb }) => mib(freeMb) },
  { title: 'SHORT', cell: ({ shortMb }) => mib(shortMb || null) },
  { title: 'CAPACITY', cell: ({ capacityMb }) => mib(capacityMb) },
  { title: 'HELD', cell: ({ heldMb }) => mib(heldMb) },
  { title: 'LEAVING', cell: ({ leavingMb }) => mib(leavingMb) },
  { title: 'PROMISED', cell: ({ promisedMb }) => mib(promisedMb) },
  { title: 'FOREIGN', cell: ({ foreignMb }) => mib(foreignMb) },
  { title: 'RESIDUE', cell: ({ residueMb }) => mib(residueMb) },
  { title: 'FLAGS', cell: ({ flags }) => flags.join(',') },
];

/** Why nothing is loaded onto a device at present. */
const closedLine = ({ server, ordinal, closed }: Device, now: number): string[] =>
  closed === null
    ? []
    : [
        `${server}:${ordinal} is ${closedWords(
          {
            because: closed.because,
            since: Date.parse(closed.since),
            until: closed.until === null ? null : Date.parse(closed.until),
          },
          now,
        )}`,
      ];

interface VictimRow extends VictimMessage {
  readonly on: string;
}

/** The copies that hold what is short, device by device, then host by host. */
function victimRows({ devices, servers }: Explained): VictimRow[] {
  return [
    ...devices.flatMap(({ server, ordinal, victims }) =>
      victims.map((victim) => ({ on: `${server}:${ordinal}`, ...victim })),
    ),
    ...servers.flatMap(({ server, host }) =>
      (host?.victims ?? []).map((victim) => ({ on: `host of ${server}`, ...victim })),
    ),
  ];
}

const victimColumns = (now: number): Column<VictimRow>[] => [
  { title: 'HOLDS', cell: ({ on }) => on },
  { title: 'COPY', cell: ({ model, server }) => `${model} on ${server}` },
  { title: 'MEMORY', cell: ({ memoryMb }) => `${memoryMb} MiB` },
  { title: 'LEAVES', cell: ({ chosen, holds }) => (chosen ? 'yes' : holds.length === 0 ? 'may' : 'no') },
  { title: 'STAYS BECAUSE', cell: ({ holds }) => holds.map((hold) => holdWords(hold, now)).join('; ') },
];

const WORDS: Readonly<Record<string, string>> = { outlived: 'outlived its unload: load it, then unload it' };

/** `in use, ends in 9 s`. */
function holdWords({ reason, until, by, detail }: HoldMessage, now: number): string {
  const what = reason === 'phase' ? worded(detail ?? '') : (WORDS[reason] ?? worded(reason));
  const whom = by.length > 0 ? ` by ${by.length > 3 ? counted(by.length, 'model') : by.join(', ')}` : '';
  const rank = reason === 'outranks' && detail !== null ? ` (${detail})` : '';
  return `${what}${whom}${rank}${until === null ? '' : `, ends ${away(until, now)}`}`;
}
