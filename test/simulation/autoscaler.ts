import type { Doings } from './happenings.js';
import type { Stage } from './stage.js';

/** Brings servers and takes them away, as Berth's API lets it; and lets machines come back with other devices. */
export function autoscaler({
  sites,
  told,
  agenda,
  berth,
}: Stage): Pick<Doings, 'addServer' | 'removeServer' | 'refit'> {
  return {
    addServer: ({ server }) => {
      const living = berth();
      if (!living) return 'Berth is not there';
      if (told.servers.has(server)) return 'it is known';
      told.servers.add(server);
      living.add(sites.get(server)!);
    },
    removeServer: ({ server }) => {
      const living = berth();
      if (!living) return 'Berth is not there';
      if (!told.servers.delete(server)) return 'unknown_server';
      told.drains.delete(server);
      // What stays loaded there is nobody's, and is found again by whoever adds the server anew.
      const site = sites.get(server)!;
      site.disturb();
      site.isMuddled = true;
      living.engine.removeServer(server);
    },
    refit: ({ server, devices, downFor }) => {
      const site = sites.get(server)!;
      if (site.isGone) return 'it is gone';
      if (site.planned.spec.devices !== null) return 'its devices are declared';
      site.refit(devices);
      agenda.after(downFor, () => {
        if (!site.isGone) site.sim.start();
      });
    },
  };
}
