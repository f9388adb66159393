/**
 * Keeps the name of a peer for one process. It is free again when its holder has not repeated this for a while.
 *
 * KEYS  name
 * ARGV  token of the process, how long it is kept in ms
 */
export const CLAIM_NAME = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;
