import { Random } from '../../random.js';
import type { Peer } from '../peer.js';
import type { Scenery } from '../scenery.js';
import type { AdminWrite, WriteDesk } from '../write-desk.js';

/** A write is answered, or refused, within so long, unless the process that was asked dies. */
const ANSWERED_WITHIN = 30_000;
/** So long an admin waits for it, and so much later a write is sent again under the same key. */
const WAITS = 35_000;
const AGAIN = 3_000;

/** What a write is answered: whether it is durable, or why it is refused. */
export type WriteAnswer = 'durable' | 'not durable' | 'store_unavailable' | 'no_leader';

/** Admins that write through any peer, and again under the same key until they are answered. */
export class Admins {
  /** Of the writes that were answered as durable, the things that they are about, by key. */
  private readonly kept = new Map<string, string>();
  private readonly random: Random;
  private drained: string | null = null;
  private count = 0;
  isCalm = false;

  constructor(
    private readonly scenery: Scenery,
    private readonly peers: ReadonlyMap<string, Peer>,
  ) {
    this.random = new Random(scenery.plan.seed, 'admins');
  }

  writeNext(): void {
    this.scenery.agenda.after(this.random.pause(8_000), () => {
      const write = this.draw();
      if (write) this.send(write);
      this.writeNext();
    });
  }

  /** Redis has lost what no client could keep. */
  forget(): void {
    this.kept.clear();
  }

  /** Holds what a leader knows of what was declared against what admins were told. */
  expectKept({ declared }: WriteDesk, leader: string): void {
    const { trail } = this.scenery;
    for (const [key, name] of this.kept)
      trail.expect(
        declared.get(name)?.keys.includes(key) === true,
        () => `${leader} does not know of write ${key} on ${name}, which was answered as durable`,
      );
    for (const [name, { keys }] of declared)
      trail.expect(
        new Set(keys).size === keys.length,
        () => `a write took effect twice: ${name} ${keys.join()}`,
      );
  }

  /** No server is drained any more once all is calm. */
  get isDone(): boolean {
    return this.drained === null;
  }

  private draw(): AdminWrite | null {
    const { plan, sites } = this.scenery;
    const key = `k${(this.count += 1)}`;
    if (this.drained === null && this.isCalm) return null;
    if (!this.isCalm && this.random.chance(0.6))
      return { key, kind: 'model', name: this.random.pick(plan.models).model.id };
    const name = this.drained ?? this.random.pick([...sites.keys()]);
    return { key, kind: this.drained === null ? 'drain' : 'undrain', name };
  }

  private send(write: AdminWrite): void {
    const { agenda, trail } = this.scenery;
    if (write.kind === 'drain') this.drained = write.name;
    const peer = this.random.pick([...this.peers.values()]);
    let isAnswered = false;
    const again = (ms: number): void => void agenda.after(ms, () => this.send(write));
    const until = agenda.now() + ANSWERED_WITHIN;
    peer.process.receive(() =>
      peer.write(write, until, (answer) => {
        trail.note(`${peer.name} answers ${write.kind} ${write.name} (${write.key}): ${answer}`);
        trail.expect(!isAnswered, () => `write ${write.key} was answered twice`);
        isAnswered = true;
        if (answer === 'no_leader' || answer === 'store_unavailable') again(AGAIN);
        else this.done(write, answer);
      }),
    );
    agenda.after(WAITS, () => {
      if (isAnswered) return;
      trail.expect(
        !peer.isAlive || peer.process.resumedAt + WAITS > agenda.now(),
        () => `${peer.name} did not answer write ${write.key} in time`,
      );
      isAnswered = true;
      again(0);
    });
  }

  private done({ kind, key, name }: AdminWrite, answer: WriteAnswer): void {
    if (answer === 'durable') this.kept.set(key, name);
    if (kind === 'undrain') this.drained = null;
  }
}
