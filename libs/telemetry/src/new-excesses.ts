import type { Fleet, Model, ModelId } from '#core';

/** A model that was measured above its limit, as it is told once. */
interface NewExcess {
  readonly model: ModelId;
  readonly bytes: number;
  readonly limit: number;
  readonly policy: Model['onLimitExceeded'];
}

/** Finds which models were measured above their limits, or further above, since it was asked last. */
export class NewExcesses {
  private readonly told = new Map<ModelId, number>();

  in({ excesses, models }: Readonly<Fleet>): readonly NewExcess[] {
    const found: NewExcess[] = [];
    for (const [id, { bytes }] of excesses) {
      const model = models.get(id);
      if (!model || this.told.get(id) === bytes) continue;
      this.told.set(id, bytes);
      found.push({ model: id, bytes, limit: model.gpuBytes, policy: model.onLimitExceeded });
    }
    for (const id of this.told.keys()) if (!excesses.has(id)) this.told.delete(id);
    return found;
  }
}
