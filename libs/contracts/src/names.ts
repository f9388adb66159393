/** What models, servers and fleets may be called. */
export const NAME = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The same in words, for the answer to a request that breaks it. */
export const NAME_RULE =
  'must be a name: 1 to 128 letters, digits, ".", "_" or "-", beginning with a letter or digit, without ".."';
