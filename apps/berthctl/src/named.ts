import { NAME, NAME_RULE } from '#contracts';
import { Usage } from './failures.js';

/** The path of a thing by its name. A name that breaks the rule could lead to another path. */
export function pathOf(kind: 'models' | 'servers', name: string): string {
  if (!NAME.test(name)) throw new Usage(`'${name}' ${NAME_RULE}`);
  return `/v1/${kind}/${encodeURIComponent(name)}`;
}
