import type { PlanMessage } from '../plan.js';
import { counted } from './printable.js';
import { bounded, type Column, section } from './table.js';
import { lasting } from './times.js';

type Order = PlanMessage['orders'][number];
type Answer = PlanMessage['answers'][number];
type Lacking = PlanMessage['lacking'][number];
type Model = PlanMessage['models'][number];
type Device = PlanMessage['devices'][number];

/** What would happen, in the order in which it would, and what would be so in the end. */
export function planLines(plan: Omit<PlanMessage, 'lines'>): string[] {
  const changed = plan.devices.filter(isChanged);
  return bounded([
    ...headLines(plan),
    ...section(plan.orders, ORDERS, plan.ordersLeftOut),
    ...section(plan.answers, ANSWERS, plan.answersLeftOut),
    ...section(plan.lacking, LACKING, plan.lackingLeftOut),
    ...section(plan.models, MODELS, plan.modelsLeftOut),
    ...section(changed, DEVICES, plan.devicesLeftOut),
  ]);
}

const ENDS: Readonly<Record<PlanMessage['end'], string>> = {
  at_rest: 'all is at rest',
  time: 'not at rest yet when the time planned for was over',
  turns: 'not at rest yet when as many turns were planned as may be',
};

function headLines({ end, tookMs, turns, frozen, pins, orders }: Omit<PlanMessage, 'lines'>): string[] {
  const misfits = pins.unplaced.map(
    ({ model, copies, needsMb, inTheWay }) =>
      `${copies} of ${model} (${needsMb} MiB each${inTheWay === null ? '' : `, ${inTheWay} is in the way`})`,
  );
  return [
    `end        ${ENDS[end]}, after ${lasting(tookMs)} and ${counted(turns, 'turn')}`,
    `pins       ${pins.fit ? 'all fit' : `no place for ${misfits.join(', ')}`}`,
    ...(frozen ? ['frozen     nothing would be ordered'] : []),
    ...(orders.length === 0 ? ['orders     none'] : []),
  ];
}

const after = (millis: number | null): string => (millis === null ? '' : lasting(millis));
const mib = (amount: number): string => `${amount} MiB`;

const ORDERS: readonly Column<Order>[] = [
  { title: 'AFTER', cell: ({ afterMs }) => after(afterMs) },
  { title: 'ORDER', cell: ({ kind }) => kind },
  { title: 'MODEL', cell: ({ model }) => model },
  {
    title: 'WHERE',
    cell: ({ server, devices }) => (devices.length > 0 ? `${server}:${devices.join(',')}` : server),
  },
  { title: 'MEMORY', cell: ({ memoryMb }) => mib(memoryMb) },
  { title: 'BECAUSE', cell: ({ wantedBy, reason, for: newcomer }) => because(wantedBy ?? reason, newcomer) },
  { title: 'READY', cell: ({ readyAfterMs }) => after(readyAfterMs) },
];

const because = (word: string | null, newcomer: string | null): string =>
  `${word ?? ''}${newcomer === null ? '' : ` for ${newcomer}`}`;

const ANSWERS: readonly Column<Answer>[] = [
  { title: 'ASKED', cell: ({ model }) => model },
  { title: 'AFTER', cell: ({ afterMs }) => after(afterMs) },
  {
    title: 'ANSWER',
    cell: ({ server, refusal }) =>
      server ?? [refusal?.reason, refusal?.detail].filter((word) => word != null).join(', '),
  },
];

const LACKING: readonly Column<Lacking>[] = [
  { title: 'LACKS', cell: ({ model }) => model },
  { title: 'READY', cell: ({ readyCopies }) => String(readyCopies) },
  { title: 'PINNED', cell: ({ pinnedCopies }) => String(pinnedCopies) },
  { title: 'LACKED BEFORE', cell: ({ before }) => (before ? 'yes' : 'no') },
  { title: 'WHY', cell: ({ servers }) => servers.map(nearness).join('; ') },
];

/** `triton-a, which is lost: holds`, `triton-b: too small, 512 MiB short`. */
function nearness({ server, state, verdict, shortMb }: Lacking['servers'][number]): string {
  const which = state === 'ready' ? '' : `, which is ${worded(state)}`;
  const short = shortMb === null || shortMb === 0 ? '' : `, ${mib(shortMb)} short`;
  return `${server}${which}: ${worded(verdict)}${short}`;
}

const worded = (word: string): string => word.replaceAll('_', ' ');

const MODELS: readonly Column<Model>[] = [
  { title: 'MODEL', cell: ({ model }) => model },
  { title: 'STATE', cell: ({ before, after: end }) => change(before.state, end.state) },
  {
    title: 'READY COPIES',
    cell: ({ before, after: end }) => change(String(before.readyCopies), String(end.readyCopies)),
  },
];

const DEVICES: readonly Column<Device>[] = [
  { title: 'DEVICE', cell: ({ server, ordinal }) => `${server}:${ordinal}` },
  { title: 'SERVER', cell: ({ before, after: end }) => change(before.state, end.state) },
  { title: 'CAPACITY', cell: ({ after: end }) => mib(end.capacityMb) },
  { title: 'HELD', cell: ({ before, after: end }) => change(mib(before.heldMb), mib(end.heldMb)) },
  { title: 'FREE', cell: ({ before, after: end }) => change(mib(before.freeMb), mib(end.freeMb)) },
];

const change = (before: string, end: string): string => (before === end ? end : `${before} -> ${end}`);

const isChanged = ({ before, after: end }: Device): boolean =>
  before.state !== end.state || before.heldMb !== end.heldMb || before.promisedMb !== end.promisedMb;
