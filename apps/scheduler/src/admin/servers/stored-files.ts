import type { Logger } from 'pino';
import { fileNamesIn, type ServerSpec, withoutFileNames } from '#config';
import type { Declared, DeclaredServer } from '#engine';

/**
 * What was told, without the file names that earlier versions of Berth took over the API and stored. They would be read in
 * the name of a caller. The store keeps them until the server is written anew, so the log says so at each start.
 */
export function withoutStoredFiles(told: Declared, log: Pick<Logger, 'warn'>): Declared {
  const servers = [...told.servers].map(([id, server]): [string, DeclaredServer] => {
    if (server.spec === null) return [id, server];
    const spec = server.spec as ServerSpec;
    const dropped = fileNamesIn(spec).map(({ at }) => at.join('.'));
    if (dropped.length === 0) return [id, server];
    log.warn({ server: id, dropped }, `server ${id}: stored file names are dropped`);
    return [id, { ...server, spec: withoutFileNames(spec) }];
  });
  return { ...told, servers: new Map(servers) };
}
