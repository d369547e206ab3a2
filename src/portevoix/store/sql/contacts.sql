-- Every statement is a fence: zero rows means somebody else was first. `from_states` comes from the domain's table.

-- name: get
select k.id, k.conversation_id, k.line_id, k.channel, k.state, k.received_at, k.waiting_since, k.due_at,
       k.preferred_id, k.preferred_until, k.preferred_only, k.declined, k.holder_id, k.wake_at, k.subject_id,
       k.outcome, k.closed_at, k.version, s.account_id as seat_account_id, s.state as seat_state, s.expires_at
from contact k left join seat s on s.contact_id = k.id and s.role = 'adviser'
where k.id = %(id)s

-- name: offer
-- Seats of contacts to people, all at once, with the events that say so. The contacts are locked first, in the order in
-- which intake locks them, then each seat's primary key decides: one holder per seat.
with o as (
  select * from unnest(%(ids)s::bigint[], %(roles)s::text[], %(accounts)s::bigint[], %(reasons)s::jsonb[], %(bodies)s::jsonb[])
    as o (contact_id, role, account_id, reason, body)
), k as (
  select id, conversation_id, line_id from contact
  where id = any(%(ids)s::bigint[]) and state = any(%(from_states)s) order by id for update
), s as (
  insert into seat (contact_id, role, account_id, state, since, expires_at, reason)
  select k.id, o.role, o.account_id, 'offered', %(at)s, %(at)s + l.offer_seconds * interval '1 second', o.reason
  from o join k on k.id = o.contact_id join line l on l.id = k.line_id
  order by k.id, o.role
  on conflict do nothing
  returning contact_id, role
), u as (
  update contact set state = 'offered', version = version + 1 where id in (select contact_id from s)
), v as (
  insert into event (at, kind, v, contact_id, conversation_id, line_id, data)
  select %(at)s, %(kind)s, %(v)s, k.id, k.conversation_id, k.line_id, o.body
  from s join k on k.id = s.contact_id join o on o.contact_id = s.contact_id and o.role = s.role
  order by k.id, o.role
)
select contact_id, role from s

-- name: accept
with s as (
  update seat set state = 'held', since = %(at)s, expires_at = null
  where contact_id = %(id)s and role = 'adviser' and account_id = %(account_id)s and state = 'offered'
    and expires_at > %(at)s
  returning contact_id
)
update contact set state = 'active', holder_id = %(account_id)s, version = version + 1
where id in (select contact_id from s) and state = any(%(from_states)s)
returning id, conversation_id, line_id

-- name: end_offer
-- Declined, expired or released: back to the queue with its age; who did not want it is not asked again at once.
with s as (
  delete from seat where contact_id = %(id)s and role = 'adviser' and account_id = %(account_id)s
    and state = 'offered' and (not %(only_expired)s or expires_at <= %(at)s)
  returning contact_id
)
update contact set state = 'waiting', version = version + 1,
  declined = case when %(declined)s then array_append(array_remove(declined, %(account_id)s), %(account_id)s)
                  else declined end
where id in (select contact_id from s) and state = any(%(from_states)s)
returning id, conversation_id, line_id

-- name: expired_offers
select s.contact_id, s.account_id from seat s
where s.state = 'offered' and s.expires_at <= %(at)s order by s.expires_at limit 500

-- name: take
-- Picked from the queue by hand.
with k as (
  update contact set state = 'active', holder_id = %(account_id)s, version = version + 1
  where id = %(id)s and state = any(%(from_states)s)
  returning id, conversation_id, line_id
), s as (
  insert into seat (contact_id, role, account_id, state, since)
  select id, 'adviser', %(account_id)s, 'held', %(at)s from k
  returning contact_id
)
select k.id, k.conversation_id, k.line_id from k join s on s.contact_id = k.id

-- name: release
-- The adviser is gone: what they held waits again, keeps its age and prefers them for a while.
with s as (
  delete from seat where contact_id = %(id)s and role = 'adviser' and account_id = %(account_id)s and state = 'held'
)
update contact k set state = 'waiting', waiting_since = %(at)s, holder_id = null, declined = '{}',
  preferred_id = %(account_id)s, preferred_until = %(at)s + l.preferred_seconds * interval '1 second',
  preferred_only = false, version = version + 1
from line l
where k.id = %(id)s and k.holder_id = %(account_id)s and k.state = any(%(from_states)s) and l.id = k.line_id
returning k.id, k.conversation_id, k.line_id

-- name: held_by
select id, state, conversation_id, line_id from contact
where holder_id = %(account_id)s and state in ('active', 'wrap-up') order by id

-- name: offered_to
select contact_id as id from seat where account_id = %(account_id)s and state = 'offered'

-- name: transfer
with s as (delete from seat where contact_id = %(id)s and role = 'adviser')
update contact set state = 'waiting', waiting_since = %(at)s, holder_id = null, wake_at = null, declined = '{}',
  line_id = %(line_id)s, due_at = %(due_at)s, preferred_id = %(to_account_id)s, preferred_until = null,
  preferred_only = %(to_account_id)s::bigint is not null, version = version + 1
where id = %(id)s and state = any(%(from_states)s)
returning id, conversation_id, line_id

-- name: move_conversation
update conversation set line_id = %(line_id)s, version = version + 1 where id = %(id)s

-- name: park
with s as (delete from seat where contact_id = %(id)s and role = 'adviser')
update contact set state = 'parked', wake_at = %(wake_at)s, holder_id = coalesce(holder_id, %(account_id)s),
  version = version + 1
where id = %(id)s and state = any(%(from_states)s) and (holder_id is null or holder_id = %(account_id)s)
returning id, conversation_id, line_id

-- name: wake
-- Taken up again by hand by who parked it.
with k as (
  update contact set state = 'active', wake_at = null, holder_id = %(account_id)s, version = version + 1
  where id = %(id)s and state = any(%(from_states)s)
  returning id, conversation_id, line_id
), s as (
  insert into seat (contact_id, role, account_id, state, since)
  select id, 'adviser', %(account_id)s, 'held', %(at)s from k
  returning contact_id
)
select k.id, k.conversation_id, k.line_id from k join s on s.contact_id = k.id

-- name: due_to_wake
select id from contact where state = 'parked' and wake_at <= %(at)s order by wake_at limit 500

-- name: return_to_queue
-- The hour has come: back to the queue, first to who parked it.
update contact k set state = 'waiting', waiting_since = %(at)s, wake_at = null, preferred_id = k.holder_id,
  preferred_until = %(at)s + l.preferred_seconds * interval '1 second', holder_id = null, declined = '{}',
  due_at = %(at)s, version = k.version + 1
from line l
where k.id = %(id)s and k.state = any(%(from_states)s) and k.wake_at <= %(at)s and l.id = k.line_id
returning k.id, k.conversation_id, k.line_id, k.preferred_id as account_id

-- name: wrap
update contact set state = 'wrap-up', version = version + 1
where id = %(id)s and state = any(%(from_states)s) and holder_id = %(account_id)s
returning id, conversation_id, line_id

-- name: resume
update contact set state = 'active', version = version + 1
where id = %(id)s and state = any(%(from_states)s) and holder_id = %(account_id)s
returning id, conversation_id, line_id

-- name: hold_conversation
-- Before the contact, as intake does: two who hold one of the two and want the other would wait in a circle.
select c.id from conversation c join contact k on k.conversation_id = c.id where k.id = %(id)s for update of c

-- name: hold
select id from contact where id = %(id)s for update

-- name: unread
-- A statement of its own after the one that held the contact: it sees what was committed meanwhile.
select id from message where contact_id = %(id)s and kind = 'in' and id > %(seen)s limit 1

-- name: close
-- Only who holds it closes it; a contact nobody holds is closed by whoever the action allows.
with s as (delete from seat where contact_id = %(id)s and role = 'adviser')
update contact set state = 'closed', closed_at = %(at)s, wake_at = null,
  subject_id = coalesce(%(subject_id)s, subject_id), outcome = %(outcome)s, version = version + 1
where id = %(id)s and state = any(%(from_states)s)
  and (holder_id is null or holder_id = %(account_id)s::bigint or %(anybody)s)
returning id, conversation_id, line_id, subject_id

-- name: remember_adviser
update conversation set last_adviser_id = coalesce(%(account_id)s::bigint, last_adviser_id),
  subject_id = coalesce(%(subject_id)s, subject_id), version = version + 1
where id = %(id)s

-- name: choose_subject
with k as (
  update contact set subject_id = %(subject_id)s, version = version + 1
  where id = %(id)s and closed_at is null
  returning id, conversation_id, line_id
), c as (
  update conversation set subject_id = %(subject_id)s where id in (select conversation_id from k)
)
select id, conversation_id, line_id from k

-- name: add
insert into contact (conversation_id, line_id, channel, state, received_at, waiting_since, due_at,
                     preferred_id, preferred_until)
select c.id, c.line_id, %(channel)s, 'waiting', %(at)s, %(at)s, %(due_at)s, %(preferred_id)s, %(preferred_until)s
from conversation c where c.id = %(conversation_id)s and c.merged_into is null
on conflict do nothing
returning id, conversation_id, line_id

-- name: idle_now
-- The adviser finished something: longest idle is counted from here.
update presence set idle_since = %(at)s where account_id = %(account_id)s
