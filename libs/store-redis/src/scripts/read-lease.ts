/**
 * What is stored of the lease at one moment.
 *
 * KEYS  meta, lease
 * Returns its clock in ms, the lease or '', the last term and the last released term.
 */
export const READ_LEASE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local term = redis.call('HGET', KEYS[1], 'term') or '0'
local released = redis.call('HGET', KEYS[1], 'released') or '0'
return {now, redis.call('GET', KEYS[2]) or '', term, released}
`;
