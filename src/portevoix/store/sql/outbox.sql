-- name: put
insert into outgoing (message_id, state, sender, recipients, content, not_before, created_at)
values (%(message_id)s, %(state)s, %(sender)s, %(recipients)s, %(content)s, %(not_before)s, %(at)s)

-- name: claim
-- Takes what is due, what was held until now, and what a dead worker left behind. `busy` are the recipient domains
-- that already have their share of threads: a slow one must not hold up the others. A conversation's mails leave in the
-- order in which they were written: one waits while an earlier one is with the relay or due itself; an earlier one that
-- was put off (a full mailbox, say) holds up nobody.
with fresh as (
  select o.message_id, o.state from outgoing o
  where o.state in ('held', 'due') and o.not_before <= %(at)s
    and not exists (select 1 from unnest(o.recipients) r where split_part(r, '@', 2) = any(%(busy)s::text[]))
    and not exists (
      select from message m join message earlier on earlier.conversation_id = m.conversation_id and earlier.id < m.id
      join outgoing e on e.message_id = earlier.id
      where m.id = o.message_id
        and (e.state = 'sending' or (e.state in ('held', 'due') and e.not_before <= %(at)s)))
  order by o.not_before, o.message_id limit %(limit)s for update skip locked
), left_behind as (
  select o.message_id, o.state from outgoing o
  where o.state = 'sending' and o.lease_until <= %(at)s and o.message_id <> all(%(flying)s::bigint[])
  order by o.lease_until limit %(limit)s for update skip locked
), taken as (
  select * from (select * from left_behind union all select * from fresh) every limit %(limit)s
), claimed as (
  update outgoing o set state = 'sending', lease = gen_random_uuid(), attempts = o.attempts + 1,
    lease_until = %(at)s + %(lease_seconds)s * interval '1 second'
  from taken where o.message_id = taken.message_id
  returning o.message_id, o.lease, o.sender, o.recipients, o.content, o.attempts, o.created_at,
            taken.state as was
), told as (
  update message set status = 'queued' where id in (select message_id from claimed where was = 'held')
)
select claimed.*, m.conversation_id, m.contact_id, c.line_id
from claimed join message m on m.id = claimed.message_id join conversation c on c.id = m.conversation_id

-- name: renew
-- Still being handed over: connecting and naming many recipients to a slow relay may take longer than one lease. Only what
-- is getting short, never what the fence made longer.
update outgoing o set lease_until = %(at)s + %(seconds)s * interval '1 second'
from unnest(%(ids)s::bigint[], %(leases)s::uuid[]) as mine (message_id, lease)
where o.message_id = mine.message_id and o.lease = mine.lease and o.state = 'sending'
  and o.lease_until < %(at)s + %(seconds)s * interval '1 second' * 2 / 3

-- name: fence
-- Still ours? Asked after the relay took the recipients and before it gets the mail; from here on the outcome is unknown
-- until the relay answers, so the lease is long enough for the slowest answer (RFC 5321 4.5.3.2.6: ten minutes).
update outgoing set lease_until = %(at)s + %(seconds)s * interval '1 second'
where message_id = %(id)s and lease = %(lease)s and state = 'sending'
returning message_id

-- name: finish
-- The result, only by who holds the lease. `recipients` are those still to be told (none but for `due`, `failed`).
update outgoing set state = %(state)s, lease = null, lease_until = null, reply = %(reply)s,
  recipients = case when cardinality(%(recipients)s::text[]) > 0 then %(recipients)s else recipients end,
  not_before = coalesce(%(not_before)s, not_before),
  attempts = attempts - case when %(free)s then 1 else 0 end
where message_id = %(id)s and lease = %(lease)s and state = 'sending'
returning message_id

-- name: status
-- A delivery report may have come before the relay's own answer was written: bounced stays bounced.
update message set status = case when status in ('bounced', 'cancelled') then status else %(status)s end,
  status_detail = %(detail)s, facts = facts || %(facts)s
where id = %(id)s
returning status

-- name: before
select coalesce(facts -> 'refused', '{}') as refused, status_detail from message where id = %(id)s

-- name: next_due
select min(not_before) as at from outgoing where state in ('held', 'due')

-- name: figures
select count(*) filter (where state in ('held', 'due', 'sending')) as waiting,
       min(created_at) filter (where state in ('held', 'due', 'sending')) as oldest
from outgoing where state in ('held', 'due', 'sending')
