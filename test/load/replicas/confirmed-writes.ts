import { type Figure, quantile } from '../figure.js';
import { startSimulatedTriton } from '../triton.js';
import { startStage } from './stage.js';

const WRITES = 300;
const GOAL_MS = 5;

/** How long an admin write at the leader takes that a replica of Redis confirms, and one that none has to. */
export async function adminWrites(): Promise<Figure[]> {
  return [
    await writes('admin_write_confirmed_p50', true),
    await writes('admin_write_on_one_redis_p50', false),
  ];
}

async function writes(name: string, isConfirmed: boolean): Promise<Figure> {
  const triton = await startSimulatedTriton(['m']);
  const stage = await startStage({ peers: 2, tritons: [triton], profile: 'default', isConfirmed });
  try {
    const { http } = await stage.leader();
    const took: number[] = [];
    let notDurable = 0;
    for (let nth = 0; nth < WRITES; nth += 1) {
      const began = performance.now();
      const answer = await fetch(`${http}/v1/models/m`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify({ idleUnloadSeconds: 100 + nth }),
      });
      if (!answer.ok) throw new Error(`a write was answered with ${answer.status}`);
      const { durable } = (await answer.json()) as { readonly durable?: boolean };
      took.push(performance.now() - began);
      if (durable === false) notDurable += 1;
    }
    const value = quantile(took, 0.5);
    return {
      ...{ name, value, unit: 'ms', goal: `<= ${GOAL_MS}`, met: value <= GOAL_MS },
      details: { p99: quantile(took, 0.99), writes: WRITES, confirm: isConfirmed ? 1 : 0, notDurable },
    };
  } finally {
    await stage.end();
    await triton.end();
  }
}
