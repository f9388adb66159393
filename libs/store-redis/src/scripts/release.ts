/**
 * Removes the lease of a term and notes that the term was released.
 *
 * KEYS  meta, lease
 * ARGV  term, beginning of each lease of this term
 */
export const RELEASE = `
local lease = redis.call('GET', KEYS[2])
if not lease or string.sub(lease, 1, #ARGV[2]) ~= ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'released', ARGV[1])
return 1
`;
