import { ANONYMOUS } from '#access';
import { PEER } from '../forwarding/peer-key.js';
import type { Running } from '../running.js';
import type { WatchParts } from './watch.grpc.js';

/** What watchers meet, of what runs at present. Where callers have no credentials each may be a peer: only this machine calls then. */
export const watchPartsOf = (running: Running): Omit<WatchParts, 'errors'> => {
  const { lifecycle, routes: own } = running.lasting;
  return {
    own,
    now: own.now,
    leading: () => running.leading?.watching ?? null,
    admit: () => lifecycle.admit(),
    isPeer: (caller) => caller === PEER || caller === ANONYMOUS,
    doubt: (servers) => {
      if (running.leading) running.leading.engine.report({ kind: 'ServersDoubted', servers });
      else running.following?.doubt(servers);
    },
  };
};
