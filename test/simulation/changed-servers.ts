import { whyDeaf, writeDown } from './admin.js';
import type { Doings, HappeningOf } from './happenings.js';
import type { Site } from './site.js';
import type { Stage } from './stage.js';

type By = HappeningOf<'changeServer'>['by'];

/** An operator declares otherwise how a server is reached, in the file or over the API; what else is known of it stays. */
export class ChangedServers {
  constructor(private readonly stage: Stage) {}

  doings(): Pick<Doings, 'changeServer' | 'wrongAddress'> {
    return {
      changeServer: ({ server, by, to }) => {
        const site = this.stage.sites.get(server)!;
        if (site.leadsNowhere && to === 'the same address') return 'no process listens there';
        if (to === 'another process' && !isReplaceable(site)) return `it is ${site.sim.phase}, or gone`;
        return this.change(site, by, () => {
          const moved = to !== 'the same address';
          if (moved) site.leadsNowhere = false;
          this.reach(site, moved);
          if (to === 'another process' && isReplaceable(site)) this.replace(site);
        });
      },
      wrongAddress: ({ server, by, lasts }) => {
        const site = this.stage.sites.get(server)!;
        if (site.leadsNowhere) return 'it leads nowhere';
        return this.change(site, by, () => {
          site.leadsNowhere = true;
          this.reach(site, true);
          this.stage.agenda.after(lasts, () => this.lead(site));
        });
      },
    };
  }

  /** Every server is at its address again. */
  finish(): void {
    for (const site of this.stage.sites.values()) this.lead(site);
  }

  private lead(site: Site): void {
    if (!site.leadsNowhere) return;
    const lead = (): void => {
      if (!site.leadsNowhere) return;
      site.leadsNowhere = false;
      this.reach(site, true);
    };
    void this.change(site, 'file', lead);
  }

  private change(site: Site, by: By, apply: () => void): string | void {
    const { stage } = this;
    const living = stage.berth();
    if (!stage.told.servers.has(site.id)) return 'unknown_server';
    if (by === 'file') return living ? living.process.receive(apply) : apply();
    const deaf = whyDeaf(stage);
    if (deaf !== undefined) return deaf;
    writeDown(stage, () => {}, apply);
  }

  /** Where no Berth lives, the next one finds it so. */
  private reach(site: Site, moved: boolean): void {
    const { stage } = this;
    if (stage.told.servers.has(site.id)) stage.berth()?.reach(site, moved);
  }

  private replace(site: Site): void {
    this.stage.trail.mark('changed server is another process');
    site.disturb();
    site.replace();
  }
}

const isReplaceable = ({ sim, isGone, stuckForEver }: Site): boolean =>
  sim.phase === 'up' && !isGone && stuckForEver.length === 0;
