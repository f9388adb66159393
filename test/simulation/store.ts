import type { Millis, ModelId, ServerId } from '#core';
import type { Learned, LearnedChange, LearnedServer } from '#engine';
import type { Timers } from '#testing';

const WRITE_TAKES = 2;

/** What was learned, on a disk that outlives every Berth. */
export class Store {
  /** The disk is full. */
  isFailing = false;
  private readonly servers = new Map<ServerId, LearnedServer>();
  private readonly ordered = new Map<ServerId, readonly ModelId[]>();
  private readonly steps = new Map<ModelId, readonly ModelId[]>();
  private readonly loadTook = new Map<ModelId, Millis>();

  constructor(private readonly disk: Timers) {}

  /** The store as one life of Berth has it: what that did not hear of may be written all the same. */
  openedBy(process: Timers): Learned {
    return {
      read: () => Promise.resolve(this.facts()),
      write: (changes) => this.write(changes, process),
    };
  }

  /** Whether a model counts as ordered on a server, whatever becomes of the process that ordered it. */
  hasOrdered(server: ServerId, model: ModelId): boolean {
    return this.ordered.get(server)?.includes(model) ?? false;
  }

  private facts() {
    return {
      servers: new Map(this.servers),
      ordered: new Map(this.ordered),
      steps: new Map(this.steps),
      loadTook: new Map(this.loadTook),
    };
  }

  private write(changes: readonly LearnedChange[], process: Timers): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isFailing) {
        process.after(WRITE_TAKES, () => reject(new Error('no space left on the disk')));
        return;
      }
      this.disk.after(WRITE_TAKES / 2, () => changes.forEach((change) => this.apply(change)));
      process.after(WRITE_TAKES, resolve);
    });
  }

  private apply(change: LearnedChange): void {
    switch (change.kind) {
      case 'server':
        return setOrDelete(this.servers, change.server, change.value);
      case 'ordered':
        return setOrDelete(this.ordered, change.server, change.value);
      case 'steps':
        return setOrDelete(this.steps, change.model, change.value);
      case 'loadTook':
        return setOrDelete(this.loadTook, change.model, change.value);
    }
  }
}

function setOrDelete<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}
