import type { Happening, HappeningKind } from '../happenings.js';
import { Random } from '../random.js';
import { FAILURES } from './bad-spells.js';
import type { Cast } from './cast.js';
import { moments } from './moments.js';

type Draw = (random: Random, at: number, cast: Cast) => Happening;

/** Each kind with how likely a seed has it; every kind draws from a stream of its own. */
export function drawFaults(seed: number, cast: Cast): Happening[] {
  return FAULTS.flatMap(([likelihood, draw], nth) => {
    const random = new Random(seed, `fault ${nth}`);
    const every = random.spread(15_000, 600_000);
    if (!random.chance(likelihood)) return [];
    return moments(random, every, cast.storm).map((at) => draw(random, at, cast));
  });
}

/** In some seeds one server never comes back, or one model on it stays stuck: the others have to do without. */
export function drawLast(random: Random, cast: Cast): Happening[] {
  if (!random.chance(0.25)) return [];
  const at = random.between(Math.floor(cast.storm * 0.7), cast.storm);
  const [server, model] = [random.pick(cast.servers).spec.id, random.pickEarly(cast.models).model.id];
  return random.pick<Happening[]>([
    [{ at, kind: 'kill', server, downFor: null }],
    [{ at, kind: 'terminate', server, downFor: null }],
    [{ at, kind: 'partition', server, lasts: null }],
    [{ at, kind: 'stuckLoad', server, model, lasts: null }],
    [{ at, kind: 'stuckUnload', server, model, lasts: null }],
  ]);
}

const CHANGES = ['removed', 'restored', 'restored', 'touched', 'new version'];

const server = (random: Random, { servers }: Cast) => random.pick(servers).spec.id;
const model = (random: Random, { models }: Cast) => random.pickEarly(models).model.id;
const lasts = (random: Random): number => random.between(1_000, 30_000);

/** A fault of a server, with what else there is to say about it. */
function ofServer<Kind extends HappeningKind>(kind: Kind, more: (random: Random) => object): Draw {
  return (random, at, cast) =>
    ({ at, kind, server: server(random, cast), ...more(random) }) as unknown as Happening;
}

function ofModel<Kind extends HappeningKind>(kind: Kind, more: (random: Random) => object): Draw {
  return (random, at, cast) =>
    ({
      at,
      kind,
      server: server(random, cast),
      model: model(random, cast),
      ...more(random),
    }) as unknown as Happening;
}

const by =
  (least: number, most: number) =>
  (random: Random): object => ({ by: random.between(least, most), lasts: lasts(random) });

const FAULTS: readonly (readonly [likelihood: number, draw: Draw])[] = [
  [0.35, ofServer('kill', (random) => ({ downFor: random.pick([5, 500, 3_000, 15_000]) }))],
  [0.25, ofServer('terminate', (random) => ({ downFor: random.between(200, 5_000) }))],
  [0.35, (random, at) => ({ at, kind: 'berthCrash', downFor: random.spread(100, 60_000) })],
  [0.15, (random, at) => ({ at, kind: 'berthStop', downFor: random.spread(100, 30_000) })],
  [
    0.35,
    ofServer('loseReply', (random) => ({
      to: random.pick(['load', 'unload']),
      how: random.pick(['silence', 'break']),
    })),
  ],
  [0.12, ofModel('stuckLoad', () => ({ lasts: 5_000 }))],
  [0.12, ofModel('stuckUnload', () => ({ lasts: 5_000 }))],
  [0.1, ofModel('deadModel', () => ({}))],
  [0.15, ofServer('memoryBackLate', by(200, 8_000))],
  [0.25, ofServer('connectionBreaks', () => ({}))],
  [0.2, ofServer('partition', (random) => ({ lasts: random.between(500, 20_000) }))],
  [
    0.2,
    (random, at) => ({ at, kind: 'slowNetwork', longest: random.between(20, 400), lasts: lasts(random) }),
  ],
  [0.2, (random, at) => ({ at, kind: 'berthPauses', lasts: random.spread(1_000, 60_000) })],
  [
    0.2,
    ofServer('wallClockSet', (random) => ({
      by: random.between(-5, 5) * 3_600_000 + random.between(-900, 900),
    })),
  ],
  [
    0.25,
    (random, at) => ({
      at,
      kind: 'crashAtWrite',
      write: random.pick(['learned', 'told']),
      when: random.pick(['before', 'after']),
      downFor: random.spread(100, 30_000),
    }),
  ],
  [0.2, (random, at) => ({ at, kind: 'slowDisk', by: random.spread(10, 3_000), lasts: lasts(random) })],
  [0.15, ofServer('oomKills', (random) => ({ lasts: lasts(random) }))],
  [0.15, ofModel('residue', (random) => ({ bytes: random.spread(1, 2_000) * 2 ** 20 }))],
  [0.1, ofServer('wrongMode', (random) => ({ downFor: random.spread(10, 10_000), lasts: lasts(random) }))],
  [0.25, ofModel('repository', (random) => ({ change: random.pick(CHANGES) }))],
  [0.15, (random, at) => ({ at, kind: 'diskFull', lasts: lasts(random) })],
  [0.25, ofServer('slowIndex', by(100, 8_000))],
  [0.2, ofServer('slowHandler', by(50, 3_000))],
  [0.25, ofModel('slowLoad', by(500, 40_000))],
  [0.35, ofModel('loadFails', (random) => ({ text: random.pick(FAILURES), lasts: lasts(random) }))],
  [0.25, ofServer('metricsDown', (random) => ({ lasts: lasts(random) }))],
  [
    0.25,
    ofServer('foreign', (random) => ({
      device: random.pick([0, 0, 1, 3]),
      bytes: random.spread(50, 20_000) * 2 ** 20,
      lasts: random.spread(3_000, 600_000),
    })),
  ],
  [
    0.35,
    ofServer('callFails', (random) => ({
      call: random.pick(['index', 'statistics']),
      times: random.pick([1, 1, 1, 2]),
    })),
  ],
  [0.25, ofServer('ordersOvertake', (random) => ({ lasts: random.spread(3_000, 600_000) }))],
  [0.35, ofServer('unloadsCrash', (random) => ({ lasts: random.spread(10_000, 600_000) }))],
  [
    0.35,
    ofServer('changeServer', (random) => ({
      by: random.pick(['file', 'api']),
      to: random.pick(['the same address', 'another address', 'another process']),
    })),
  ],
  [
    0.2,
    ofServer('wrongAddress', (random) => ({
      by: random.pick(['file', 'api']),
      lasts: random.spread(1, 30_000),
    })),
  ],
  // Other processes come and go while models do: no device is at rest for as long as they stay.
  [
    0.35,
    ofServer('foreign', (random) => ({
      device: random.pick([0, 0, 0, 1]),
      bytes: random.spread(500, 12_000) * 2 ** 20,
      lasts: random.between(3_000, 25_000),
    })),
  ],
  // Liars of 100 %, backends that keep half of a model, and memory that comes back a second late for long.
  [
    0.15,
    (random, at, { models }) => {
      const { model: planned, disk } = random.pickEarly(models);
      const gpuBytes = Math.floor((disk.gpuBytes ?? planned.gpuBytes) / 2);
      return { at, kind: 'declare', model: planned.id, change: { gpuBytes } };
    },
  ],
  [
    0.15,
    (random, at, cast) => {
      const { model: planned, disk } = random.pickEarly(cast.models);
      const bytes = Math.floor((disk.gpuBytes ?? 0) / 2);
      return { at, kind: 'residue', server: server(random, cast), model: planned.id, bytes };
    },
  ],
  [0.15, ofServer('memoryBackLate', (random) => ({ by: 1_000, lasts: random.spread(60_000, 600_000) }))],
  [0.25, ofServer('takesLate', (random) => ({ lasts: random.spread(60_000, 600_000) }))],
];
