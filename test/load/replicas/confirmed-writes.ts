import { type Figure, quantile } from '../figure.js';
import { startSimulatedTriton } from '../triton.js';
import { startStage } from './stage.js';

const WRITES = 300;
const GOAL_MS = 5;

/** How long an admin write at the leader takes. */
export async function adminWrites(): Promise<Figure> {
  const triton = await startSimulatedTriton(['m']);
  const stage = await startStage(2, [triton], 'default');
  try {
    const { http } = await stage.leader();
    const took: number[] = [];
    for (let nth = 0; nth < WRITES; nth += 1) {
      const began = performance.now();
      const answer = await fetch(`${http}/v1/models/m`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ idleUnloadSeconds: 100 + nth }),
      });
      if (!answer.ok) throw new Error(`a write was answered with ${answer.status}`);
      await answer.arrayBuffer();
      took.push(performance.now() - began);
    }
    const value = quantile(took, 0.5);
    return {
      ...{ name: 'admin_write_on_redis_p50', value, unit: 'ms', goal: `<= ${GOAL_MS}` },
      met: value <= GOAL_MS,
      details: { p99: quantile(took, 0.99), writes: WRITES, confirm: 0 },
    };
  } finally {
    await stage.end();
    await triton.end();
  }
}
