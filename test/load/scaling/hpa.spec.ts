import { describe, expect, it } from '@jest/globals';
import { hpaReplicas } from './hpa.js';

const SIZES = Array.from({ length: 100 }, (_, at) => at + 1);

describe('an HPA, by its own formula', () => {
  it('follows one server more up to ten, and ignores it from eleven on', () => {
    expect(SIZES.filter((replicas) => hpaReplicas(replicas + 1, replicas) === replicas)).toEqual(
      SIZES.filter((replicas) => replicas >= 11),
    );
  });

  it('follows each step with a tolerance of 0', () => {
    const followed = SIZES.filter((replicas) => hpaReplicas(replicas + 1, replicas, 0) === replicas + 1);
    expect(followed).toEqual(SIZES);
    expect(SIZES.filter((replicas) => hpaReplicas(replicas - 1, replicas, 0) !== replicas - 1)).toEqual([]);
  });
});
