import type { Doings, HappeningOf } from './happenings.js';
import type { Stage } from './stage.js';

type Meddling = HappeningOf<'strangerLoad'> | HappeningOf<'strangerUnload'>;

/** Another client with access to the same servers, which loads and unloads as it pleases. */
export function strangers({ sites, trail }: Stage): Pick<Doings, Meddling['kind']> {
  const meddle = ({ kind, server, model }: Meddling): void => {
    const site = sites.get(server)!;
    const verb = kind === 'strangerLoad' ? 'load' : 'unload';
    trail.mark(`stranger ${verb}`);
    if (verb === 'load') site.isMuddled = true;
    site.disturb();
    // The counts that would tell of an inference go with the copy.
    if (verb === 'unload') site.lastInference.delete(model);
    site.sim[verb](model, {}, () => site.disturb());
  };
  return { strangerLoad: meddle, strangerUnload: meddle };
}
