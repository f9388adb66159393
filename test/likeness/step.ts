/** What a `config` of a load says in place of what is on disk. */
export type Override =
  | { readonly is: 'the same' | 'another tag' | 'two instances' | 'all versions' | 'version 1' | 'version 7' }
  | { readonly is: 'failing' | 'on GPU 0' | 'on any GPU' | 'on the CPU, with a GPU' }
  | { readonly is: 'empty' | 'not JSON' | 'an unknown field' | 'another name' }
  | { readonly is: 'warmed up' | 'in batches of two' | 'a backend that nobody has' }
  | { readonly is: 'an unknown kind' | 'a text for a number' | 'no version' };

/** One step of a sequence. It is plain data: printed as it is, and read again in a fixed case. */
export type Step =
  | { readonly kind: 'load'; readonly model: string; readonly override?: Override['is'] }
  | { readonly kind: 'load twice'; readonly model: string; readonly override?: Override['is'] }
  | { readonly kind: 'unload'; readonly model: string; readonly withSteps: boolean }
  | { readonly kind: 'unload, load'; readonly model: string }
  | { readonly kind: 'infer'; readonly model: string; readonly version: string; readonly times: number }
  /** A model is loaded so that it takes batches of two, is asked for one of this size, and is loaded as before. */
  | { readonly kind: 'batch'; readonly size: number }
  | { readonly kind: 'ask'; readonly what: Question; readonly model: string; readonly version: string }
  | {
      readonly kind: 'write version';
      readonly model: string;
      readonly version: number;
      readonly breaks: boolean;
    }
  | { readonly kind: 'write config'; readonly model: string; readonly change: ConfigChange }
  | { readonly kind: 'remove directory' | 'restore directory'; readonly model: string }
  | { readonly kind: 'kill' | 'start' | 'restart' };

/** Looks that a name and a version can be given to. */
export type Question = 'ModelReady' | 'ModelConfig' | 'ModelMetadata' | 'ModelStatistics';

/** How a config on disk is changed, from what it was at first. */
export type ConfigChange = 'nothing' | 'tag' | 'instances' | 'all versions' | 'another name';
