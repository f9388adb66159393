import { setTimeout as sleep } from 'node:timers/promises';
import { startBerth } from './berth.js';
import { collectedMb, COLLECTS } from './collect.js';
import { type Figure, hint, rounded } from './figure.js';
import { openSilentServers } from './silent-servers.js';
import { cpuMs, openFiles } from './usage.js';

const SERVERS = 200;
const GOAL_PERCENT = 10;
/** The first tries come close together, and all is compiled by then. */
const SETTLES_MS = 60_000;
const EVERY_MS = 30_000;

/** What 200 servers that accept and never answer add to the memory that Berth holds in so many minutes after the first. */
export async function silent(minutes: number): Promise<Figure> {
  const servers = await openSilentServers(SERVERS);
  const berth = await startBerth([], { servers: servers.declared }, { flags: COLLECTS });
  try {
    await sleep(SETTLES_MS);
    const early = await collectedMb(berth.pid);
    const [began, cpu] = [performance.now(), cpuMs(berth.pid)];
    const files = { early: openFiles(berth.pid), late: 0 };
    const heldMb: number[] = [];
    while (performance.now() - began < minutes * 60_000) {
      await sleep(EVERY_MS);
      heldMb.push(rounded(await collectedMb(berth.pid)));
      files.late = openFiles(berth.pid);
      hint(`silent: ${heldMb.at(-1)} MiB, ${files.late} files, ${servers.connections()} connections`);
    }
    const value = ((heldMb.at(-1) ?? early) / early - 1) * 100;
    return {
      ...{ name: 'silent_servers', value, unit: '% more memory', goal: `<= ${GOAL_PERCENT}` },
      met: value <= GOAL_PERCENT && files.late <= files.early + SERVERS,
      details: {
        ...{ servers: SERVERS, minutes, earlyMb: rounded(early), heldMb, files },
        cpuPercent: rounded(((cpuMs(berth.pid) - cpu) / (performance.now() - began)) * 100),
      },
    };
  } finally {
    await berth.end();
    servers.close();
  }
}
