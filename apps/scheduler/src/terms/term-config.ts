import type { Config } from '#config';
import type { Demo } from '../parts.js';

/** What a term goes by at present. */
export class TermConfig {
  constructor(
    public config: Config,
    /** Null: none is shown. */
    public demo: Demo | null,
  ) {}
}
