/**
 * Writes rows, where no later term is stored and the last write is the expected one.
 *
 * KEYS  meta, kinds
 * ARGV  term, id of the expected last write, count of writes afterwards, id of this write, prefix of the hashes of rows,
 *       how many kinds are emptied before, these kinds, then for each row its kind, key, `1` or `0` (removed), and text
 * Returns `written`; or `term` and the stored term; or `other`, the count of writes and the id of the last one.
 */
export const WRITE = `
local term = redis.call('HGET', KEYS[1], 'term') or '0'
if tonumber(term) > tonumber(ARGV[1]) then return {'term', term} end
local last = redis.call('HGET', KEYS[1], 'last') or ''
if last ~= ARGV[2] then return {'other', redis.call('HGET', KEYS[1], 'writes') or '0', last} end
local at = 7
for _ = 1, tonumber(ARGV[6]) do
  redis.call('DEL', ARGV[5] .. ARGV[at])
  redis.call('HDEL', KEYS[2], ARGV[at])
  at = at + 1
end
local known = {}
while at < #ARGV do
  local kind = ARGV[at]
  if ARGV[at + 2] == '1' then
    redis.call('HSET', ARGV[5] .. kind, ARGV[at + 1], ARGV[at + 3])
    if not known[kind] then
      redis.call('HSET', KEYS[2], kind, '')
      known[kind] = true
    end
  else
    redis.call('HDEL', ARGV[5] .. kind, ARGV[at + 1])
  end
  at = at + 4
end
redis.call('HSET', KEYS[1], 'term', ARGV[1], 'writes', ARGV[3], 'last', ARGV[4])
return {'written'}
`;
