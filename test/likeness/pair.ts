import { realStage } from '../contract/real-stage.js';
import { simStage } from '../contract/sim-stage.js';
import type { RealTritonKit } from '../support/real-triton.js';
import { look, type Lines, settle } from './look.js';
import { ABSENT, MODELS } from './models.js';
import { play } from './play.js';
import { Side } from './side.js';
import type { Step } from './step.js';

/** A step after which the two servers did not tell the same. */
class Difference extends Error {}

/** A simulated and a real server with the same models, which are led through the same steps. */
export class Pair {
  private readonly removed = new Set<string>();
  private isUp = true;
  /** What was done so far. */
  readonly done: Step[] = [];

  private constructor(private readonly sides: readonly [simulated: Side, real: Side]) {}

  static async open(kit: RealTritonKit, autoComplete: boolean): Promise<Pair> {
    const [simulated, real] = await Promise.all([
      simStage({ models: MODELS }).then((stage) => Side.open('simulated', stage)),
      realStage(kit, { models: MODELS, autoComplete }).then((stage) => Side.open('real', stage)),
    ]);
    const pair = new Pair([simulated, real]);
    await pair.do({ kind: 'remove directory', model: ABSENT });
    pair.done.length = 0;
    return pair;
  }

  /** Whether a step can be carried out now. */
  allows(step: Step): boolean {
    switch (step.kind) {
      case 'start':
        return !this.isUp;
      case 'write version':
      case 'write config':
      case 'remove directory':
        return !this.removed.has(step.model);
      case 'restore directory':
        return this.removed.has(step.model);
      default:
        return this.isUp;
    }
  }

  /** Carries a step out on both, waits until they are at rest, and compares all that can be seen. */
  async do(step: Step): Promise<void> {
    this.note(step);
    const [simulated, real] = await Promise.all(this.sides.map((side) => this.tell(side, step)));
    const difference = inWords(simulated ?? [], real ?? []);
    if (difference !== '') throw new Difference(`after ${JSON.stringify(step)}\n${difference}`);
  }

  async close(): Promise<void> {
    await Promise.all(this.sides.map((side) => side.close()));
  }

  private async tell(side: Side, step: Step): Promise<Lines> {
    const answers = await play(side, step);
    if (!this.isUp) return answers;
    await settle(side);
    return [...answers.map((answer, at) => `answer ${at + 1}: ${answer}`), ...(await look(side))];
  }

  private note(step: Step): void {
    this.done.push(step);
    if (step.kind === 'kill') this.isUp = false;
    if (step.kind === 'start') this.isUp = true;
    if (step.kind === 'remove directory') this.removed.add(step.model);
    if (step.kind === 'restore directory') this.removed.delete(step.model);
  }
}

/** The lines that only one of them told, or told more often. */
export function inWords(simulated: Lines, real: Lines): string {
  return [
    ...without(simulated, real).map((line) => `  simulated  ${line}`),
    ...without(real, simulated).map((line) => `  real       ${line}`),
  ].join('\n');
}

/** Each line of the others takes one of the same away. */
function without(lines: Lines, others: Lines): Lines {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}
