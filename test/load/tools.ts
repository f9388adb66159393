import type * as Install from '../../tools/real-triton/install.mjs';
import type * as Models from '../../tools/real-triton/models.mjs';
import type * as Server from '../../tools/real-triton/server.mjs';

/** What lies in `tools/`: it is not compiled, so its place is told from `dist/`. */
const tool = (path: string): string => new URL(`../../../tools/${path}`, import.meta.url).href;

export const { installedRealTriton } = (await import(tool('real-triton/install.mjs'))) as typeof Install;
export const { aRealModel, writeModel, EVENTS_VARIABLE } = (await import(
  tool('real-triton/models.mjs')
)) as typeof Models;
export const { launchTriton, sparePorts } = (await import(tool('real-triton/server.mjs'))) as typeof Server;
