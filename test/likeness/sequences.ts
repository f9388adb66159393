import fc from 'fast-check';
import { ENSEMBLES, NAMES, WITH_FILES } from './models.js';
import type { Pair } from './pair.js';
import type { ConfigChange, Override, Question, Step } from './step.js';

/**
 * A step as a command of fast-check's model-based testing. The model and the system it is held against are one object:
 * what is compared is not a few lines of model, but the whole simulated server, and it is asked the same way.
 */
export class StepCommand implements fc.AsyncCommand<Pair, Pair> {
  constructor(private readonly step: Step) {}

  check(pair: Readonly<Pair>): boolean {
    return pair.allows(this.step);
  }

  run(pair: Pair): Promise<void> {
    return pair.do(this.step);
  }

  toString(): string {
    return `\n  ${JSON.stringify(this.step)}`;
  }
}

const SHORTEST = 20;
const LONGEST = 60;

/** Sequences of at most 60 steps; what a sequence cannot do when its time comes is left out. */
export function sequences(replayPath?: string): fc.Arbitrary<Iterable<StepCommand>> {
  const commands = weighted().map(({ weight, arbitrary }) => ({
    weight,
    arbitrary: arbitrary.map(asCommand),
  }));
  return fc.commands([fc.oneof(...commands)], {
    maxCommands: LONGEST,
    size: 'max',
    ...(replayPath !== undefined && { replayPath }),
  }) as fc.Arbitrary<Iterable<StepCommand>>;
}

/** Which of a seed's sequences is the first that is long enough. */
export function pathOfLongOne(seed: number): string {
  const drawn = fc.sample(sequences(), { seed, numRuns: 50 });
  return String(drawn.findIndex((commands) => [...commands].length >= SHORTEST));
}

const asCommand = (step: Step): StepCommand => new StepCommand(step);

interface Weighted {
  readonly weight: number;
  readonly arbitrary: fc.Arbitrary<Step>;
}

/** Loads are most of it: without models that serve there is little to compare. */
function weighted(): readonly Weighted[] {
  const steps: readonly (readonly [number, fc.Arbitrary<Step>])[] = [
    [10, step({ kind: fc.constant('load'), model })],
    [4, step({ kind: fc.constant('load'), model: ensemble })],
    [8, step({ kind: fc.constant('load'), model: loadable, override })],
    [3, step({ kind: fc.constant('load twice'), model })],
    [1, step({ kind: fc.constant('load twice'), model: loadable, override })],
    [7, step({ kind: fc.constant('unload'), model, withSteps: fc.boolean() })],
    [3, step({ kind: fc.constant('unload, load'), model })],
    [9, step({ kind: fc.constant('infer'), model, version, times: fc.integer({ min: 1, max: 3 }) })],
    [3, step({ kind: fc.constant('batch'), size: number })],
    [3, step({ kind: fc.constant('ask'), what: question, model, version })],
    [5, step({ kind: fc.constant('write version'), model: withFiles, version: number, breaks: rarely })],
    [4, step({ kind: fc.constant('write config'), model: withFiles, change: configChange })],
    [1, step({ kind: fc.constant('write config'), model: ensemble, change: fc.constant('nothing') })],
    [2, step({ kind: fc.constant('remove directory'), model: anyModel })],
    [3, step({ kind: fc.constant('restore directory'), model: anyModel })],
    [1, step({ kind: fc.constant('restart') })],
    [1, step({ kind: fc.constant('kill') })],
    [3, step({ kind: fc.constant('start') })],
  ];
  return steps.map(([weight, arbitrary]) => ({ weight, arbitrary }));
}

const step = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Step> =>
  fc.record(fields) as fc.Arbitrary<Step>;

const model = fc.constantFrom(...NAMES);
const anyModel = fc.constantFrom(...NAMES.slice(0, -1));
const ensemble = fc.constantFrom(...ENSEMBLES);
const withFiles = fc.constantFrom(...WITH_FILES);
const loadable = fc.constantFrom(...WITH_FILES);
const number = fc.constantFrom(1, 2, 3);
const rarely = fc.constantFrom(false, false, false, true);
const version = fc.constantFrom('', '', '', '1', '2', '9', '0', '-1', 'abc');
const question = fc.constantFrom<Question>('ModelReady', 'ModelConfig', 'ModelMetadata', 'ModelStatistics');
const configChange = fc.constantFrom<ConfigChange>(
  'nothing',
  'tag',
  'instances',
  'all versions',
  'another name',
);
const override = fc.constantFrom<Override['is']>(
  'the same',
  'another tag',
  'two instances',
  'all versions',
  'version 1',
  'version 7',
  'failing',
  'on GPU 0',
  'on any GPU',
  'on the CPU, with a GPU',
  'empty',
  'not JSON',
  'an unknown field',
  'another name',
  'warmed up',
  'a backend that nobody has',
  'an unknown kind',
  'a text for a number',
  'no version',
);
