import type { ReplicaId } from '#core';

/** The changes of so many replicas are remembered; a watcher that lacks more gets all rows anew. */
const MOST = 10_000;

/** Which replicas have changed last, so that a watcher that comes back is told only what is newer. */
export class ChangeLog {
  /** The oldest change first. */
  private readonly changed = new Map<ReplicaId, number>();

  /** Changes before `complete` are not known. */
  constructor(private complete: number) {}

  note(id: ReplicaId, sequence: number): void {
    this.changed.delete(id);
    this.changed.set(id, sequence);
    if (this.changed.size <= MOST) return;
    const [oldest] = this.changed;
    this.changed.delete(oldest![0]);
    this.complete = oldest![1] + 1;
  }

  /** What has changed since a version of this term came up, as more may have changed within it; undefined where that is not known. */
  since(sequence: number): ReplicaId[] | undefined {
    if (sequence < this.complete) return undefined;
    const newer: ReplicaId[] = [];
    for (const [id, at] of this.changed) if (at >= sequence) newer.push(id);
    return newer;
  }
}
