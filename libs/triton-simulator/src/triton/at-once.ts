/** One unload that has arrived and is not answered. */
interface UnloadInWork {
  readonly model: string;
  /** The ensembles, each with its steps, that were unsettled when it arrived. */
  readonly unsettled: readonly ReadonlySet<string>[];
}

/** Two alone were never seen to do it, eight were. */
const TOO_MANY = 3;

/** Unloads at once that do it, whatever they are about. */
const MANY = 8;

/**
 * The unloads that a process works at. The real server dies of some where a step of a loaded ensemble was read anew: where two
 * of that ensemble and its steps are unloaded at once, with others beside them (3 of 26 rounds of 8 unloads; none of
 * 16 rounds of the two alone, of 14 without a step read anew), and of many that have nothing to do with the ensemble, be
 * their models loaded or not (20 at once: 2 of 730 rounds; 8: 2 of 910; 4: none of 424).
 */
export class UnloadsInWork {
  private readonly all = new Set<UnloadInWork>();

  /** Until the returned function is called. */
  add(unload: UnloadInWork): () => void {
    this.all.add(unload);
    return () => void this.all.delete(unload);
  }

  /** Each once: an unload that is sent again before it was answered has nothing more to do. */
  get models(): readonly string[] {
    return [...new Set(Array.from(this.all, ({ model }) => model))];
  }

  /** Whether they may end the process. */
  mayCrash(): boolean {
    const { models } = this;
    if (models.length < TOO_MANY) return false;
    const families = [...this.all].flatMap(({ unsettled }) => unsettled);
    if (models.length >= MANY && families.length > 0) return true;
    return families.some((family) => models.filter((model) => family.has(model)).length >= 2);
  }
}
