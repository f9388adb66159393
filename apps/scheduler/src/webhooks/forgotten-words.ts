import type { ToldChange } from '#engine';
import type { Composition } from '../compose.js';

/**
 * What a webhook said of the end of a server is over once the server is forgotten: one that DNS or the file names again is
 * another one. Stored like other changes that no request asked for; where the store fails, the word stays.
 */
export function forgetWords(
  { registry, writes, log }: Pick<Composition, 'registry' | 'writes' | 'log'>,
  id: string,
): void {
  const changes = (): ToldChange[] => {
    const told = registry.toldOf(id);
    if (told?.end === undefined) return [];
    const { end: _, ...others } = told;
    return [{ kind: 'server', id, value: { ...others, revision: told.revision + 1 } }];
  };
  const follow = (stored: readonly ToldChange[]): void => {
    for (const change of stored) if (change.kind === 'server') registry.set(change.id, change.value);
  };
  writes.follow({ follow }, changes).catch((error: unknown) => {
    log.error({ err: error, server: id }, `what a webhook said of server ${id} was not forgotten`);
  });
}
