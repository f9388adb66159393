import type { Millis } from '#core';
import { whyDeaf, writeDown } from './admin.js';
import type { Doings, HappeningOf } from './happenings.js';
import type { Stage } from './stage.js';

/** Brings servers and takes them away, as Berth's API lets it; and lets machines come back with other devices. */
export function autoscaler(
  stage: Stage,
): Pick<Doings, 'addServer' | 'removeServer' | 'refit' | 'awaitServers'> {
  const { sites, told, berth } = stage;
  return {
    addServer: ({ server }) => {
      const deaf = whyDeaf(stage);
      if (deaf !== undefined) return deaf;
      if (told.servers.has(server)) return 'it is known';
      const living = berth()!;
      writeDown(
        stage,
        () => told.servers.add(server),
        () => living.add(sites.get(server)!),
      );
    },
    removeServer: ({ server }) => {
      const deaf = whyDeaf(stage);
      if (deaf !== undefined) return deaf;
      if (!told.servers.has(server)) return 'unknown_server';
      const living = berth()!;
      // What stays loaded there belongs to no known server, and is found again when the server is added anew.
      const site = sites.get(server)!;
      site.disturb();
      site.isMuddled = true;
      const forget = (): void => {
        told.servers.delete(server);
        told.drains.delete(server);
      };
      writeDown(stage, forget, () => living.remove(server));
    },
    awaitServers: ({ lasts }) => awaitServers(stage, lasts),
    refit: (happening) => refit(stage, happening),
  };
}

function awaitServers({ agenda, berth }: Stage, lasts: Millis): string | void {
  const living = berth();
  if (!living) return 'Berth is not there';
  const tell = (isAwaited: boolean): void =>
    living.process.receive(() => living.engine.tell({ kind: 'ServersAwaited', isAwaited }));
  tell(true);
  agenda.after(lasts, () => tell(false));
}

function refit({ sites, agenda }: Stage, { server, devices, downFor }: HappeningOf<'refit'>): string | void {
  const site = sites.get(server)!;
  if (site.isGone) return 'it is gone';
  if (site.planned.spec.devices !== null) return 'its devices are declared';
  site.refit(devices);
  agenda.after(downFor, () => {
    if (!site.isGone) site.sim.start();
  });
}
