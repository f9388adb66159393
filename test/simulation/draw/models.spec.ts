import { describe, expect, it } from '@jest/globals';
import { makePlan } from '../make-plan.js';

describe('models that are drawn', () => {
  it('declare of the host at least what a plain load takes there, with an instance on each GPU', () => {
    const plans = Array.from({ length: 100 }, (_, at) => makePlan(at + 1, { hours: 0.01 }));
    const tooSmall = plans.flatMap(({ seed, servers, models }) =>
      servers.flatMap(({ spec, setup }) =>
        models
          .filter(({ model, disk }) => {
            const taken = (disk.hostBytes ?? 0) * setup.devices.length;
            return spec.hostMemory !== null && model.hostDeclared && taken > model.hostBytes;
          })
          .map(({ disk }) => `seed ${seed}: ${disk.name}@${spec.id}`),
      ),
    );
    expect(tooSmall).toEqual([]);
  });
});
