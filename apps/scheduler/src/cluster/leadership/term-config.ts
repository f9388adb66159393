import type { Config, ModelSpec, ServerConfig } from '#config';

/** Servers and models that are there without being declared: laid under the file, never stored. */
export interface Demo {
  readonly servers: readonly ServerConfig[];
  readonly models: Readonly<Record<string, ModelSpec>>;
  /** What it is, for people. */
  readonly words: string;
  close(): Promise<void>;
}

/** What a term goes by at present. */
export class TermConfig {
  constructor(
    public config: Config,
    /** Null: none is shown. */
    public demo: Demo | null,
  ) {}
}
