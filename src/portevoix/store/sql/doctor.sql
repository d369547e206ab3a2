-- The promises that `portevoix doctor` proves on the live tables. Each query gives one row per breach:
-- `thing` says what is broken, `detail` why. None may give a row.

-- name: contact_without_place
-- Promise 5: every open contact is waiting, offered, held by an account, or parked with a wake-up time.
-- (A contact still `received` belongs to a menu or a widget; ten minutes there is being forgotten.)
select 'contact ' || id as thing, 'state ' || state || ', nobody has it' as detail
from contact
where (state in ('active', 'wrap-up') and holder_id is null)
   or (state = 'parked' and wake_at is null)
   or (state = 'waiting' and waiting_since is null)
   or (state = 'received' and received_at < now() - interval '10 minutes')
limit 50

-- name: offered_without_seat
-- An offered contact has exactly one offered seat, and an offered seat an offered contact.
select 'contact ' || coalesce(c.id, s.contact_id) as thing,
       'contact is ' || coalesce(c.state, 'missing') || ', seat is ' || coalesce(s.state, 'missing') as detail
from (select id, state from contact where state = 'offered') c
full join (select contact_id, state from seat where state = 'offered') s on s.contact_id = c.id
where c.id is null or s.contact_id is null
limit 50

-- name: held_without_seat
-- Promise 3: who holds an active contact is who sits at it; one holder per seat.
select 'contact ' || coalesce(c.id, s.contact_id) as thing,
       'holder ' || coalesce(c.holder_id::text, 'nobody') || ', seat ' || coalesce(s.account_id::text, 'nobody') as detail
from (select id, holder_id from contact where state in ('active', 'wrap-up')) c
full join (select contact_id, account_id from seat where state = 'held') s on s.contact_id = c.id
left join contact other on other.id = s.contact_id
where (c.id is null and other.state <> 'parked')
   or (s.contact_id is null)
   or s.account_id <> c.holder_id
limit 50

-- name: offer_overdue
-- Promise 5, saga with an end: an offer over for a minute means that nobody sweeps.
select 'contact ' || contact_id as thing,
       'offered to account ' || account_id || ' until ' || expires_at as detail
from seat where state = 'offered' and expires_at < now() - interval '1 minute'
limit 50

-- name: wake_overdue
-- A parked contact whose time came five minutes ago was not woken.
select 'contact ' || id as thing, 'should have come back at ' || wake_at as detail
from contact where state = 'parked' and wake_at < now() - interval '5 minutes'
limit 50

-- name: holder_gone
-- An active contact whose holder's account is closed: nobody will answer.
select 'contact ' || c.id as thing, 'held by the closed account ' || c.holder_id as detail
from contact c join account a on a.id = c.holder_id
where c.state in ('active', 'wrap-up') and not a.is_active
limit 50

-- name: contact_without_history
-- Every contact began with one event; its state is the fold of its events.
select 'contact ' || c.id as thing, 'no event contact-received' as detail
from contact c
where not exists (select from event e where e.contact_id = c.id and e.kind = 'contact-received')
limit 50

-- name: open_histories
-- The contacts whose state is compared with the fold of their events: all open ones, and the last closed.
(select id, state, line_id, holder_id from contact where closed_at is null)
union all
(select id, state, line_id, holder_id from contact where closed_at is not null order by id desc limit 2000)

-- name: message_without_contact
-- A client's mail that is nobody's work: neither its own contact nor one that it joined.
select 'message ' || m.id as thing, 'from ' || m.sender || ' at ' || m.at as detail
from message m
where m.kind = 'in' and m.contact_id is null
limit 50

-- name: mail_without_raw
-- Promise 1: what we said 250 to is kept byte for byte.
select 'message ' || m.id as thing, 'the mail itself is missing' as detail
from message m
where m.channel = 'mail' and m.kind in ('in', 'bounce', 'automatic') and m.source_id is not null
  and not exists (select from mail_raw r where r.message_id = m.id)
  -- Our own acknowledgement is `automatic` too: it stands in the outbox.
  and not exists (select from outgoing o where o.message_id = m.id)
limit 50

-- name: outgoing_stuck
-- Due for ten minutes and never tried, or leased by a sender that is gone.
select 'message ' || message_id as thing, 'state ' || state || ', ' || attempts || ' tries, last word: ' || reply as detail
from outgoing
where (state = 'due' and attempts = 0 and not_before < now() - interval '10 minutes')
   or (state = 'due' and attempts > 0 and not_before < now() - interval '1 hour')
   or (state = 'sending' and lease_until < now() - interval '10 minutes')
   or (state = 'held' and not_before < now() - interval '10 minutes')
limit 50

-- name: outgoing_disagrees
-- The status that the adviser sees is the outbox's.
select 'message ' || m.id as thing, 'shown as "' || m.status || '", outbox says ' || o.state as detail
from outgoing o join message m on m.id = o.message_id
where (o.state = 'sent' and m.status not in ('sent', 'bounced'))
   or (o.state = 'failed' and m.status not in ('failed', 'bounced'))
   or (o.state in ('due', 'sending') and m.status in ('sent', 'cancelled'))
limit 50

-- name: set_aside_waiting
-- Mails that could not be understood: somebody must look at them.
select 'set aside ' || id as thing, 'from ' || sender || ' at ' || at || ': ' || reason as detail
from set_aside where state = 'aside'
limit 50

-- name: line_without_people
-- Somebody writes to a line (a door, or a contact that waits) whose required skills nobody on it has: no contact of it can
-- ever be offered. A line that widens its requirement is left to the floor's alarms.
select 'line ' || l.slug as thing, 'nobody of the line has all the skills that it requires' as detail
from line l
where l.active and l.relaxations = '[]' and exists (select from line_skill n where n.line_id = l.id)
  and (exists (select from door d where d.line_id = l.id and d.active)
       or exists (select from contact k where k.line_id = l.id and k.state = 'waiting'))
  and not exists (
    select from adviser_line al join account a on a.id = al.account_id
    where al.line_id = l.id and a.is_active and not exists (
      select from line_skill n where n.line_id = l.id and not exists (
        select from skill_held s where s.account_id = a.id and s.skill_id = n.skill_id and s.level >= n.min_level)))
order by 1 limit 50

-- name: reader_behind
-- A reader of the log that stands still while the log goes on (the slowest works in rounds of minutes).
select 'reader ' || c.reader as thing, count(*) || ' events behind' as detail
from log_cursor c join event e on (e.xid, e.id) > (c.xid, c.id) and e.at < now() - interval '15 minutes'
where c.reader <> 'vocabulary'  -- follows messages by their id, not the log
group by c.reader having count(*) > 0

-- name: merged_in_a_circle
-- Following merged_into ends at somebody who stands for themselves.
with recursive chain as (
  select id as start, merged_into as next, 1 as steps from person where merged_into is not null
  union all
  select c.start, p.merged_into, c.steps + 1 from chain c join person p on p.id = c.next
  where p.merged_into is not null and c.steps < 50
)
select 'person ' || start as thing, 'merged in a circle' as detail from chain where steps = 50
limit 50

-- name: old_beats
-- Processes that showed a sign of life today but not in the last half minute.
select process as thing, 'last sign of life ' || date_trunc('second', now() - max(at)) || ' ago' as detail
from heartbeat
where at > now() - interval '1 day'
group by process having max(at) < now() - interval '30 seconds'

-- name: settings
-- What makes a commit durable.
select name, setting from pg_settings
where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums')
