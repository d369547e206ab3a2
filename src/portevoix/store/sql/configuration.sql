-- What the settings pages ask of the live tables.

-- name: subjects_used
-- Which of a line's subjects were ever chosen: those are retired, never deleted.
select s.id from subject s
where s.line_id = %(line_id)s and (
  exists (select 1 from contact k where k.subject_id = s.id)
  or exists (select 1 from conversation c where c.subject_id = s.id))

-- name: work_of
-- What becomes free when somebody leaves.
select count(*) filter (where state in ('active', 'wrap-up')) as held, count(*) filter (where state = 'parked') as parked,
  (select count(*) from seat where account_id = %(account_id)s and state = 'offered') as offered
from contact where holder_id = %(account_id)s and state in ('active', 'wrap-up', 'parked')

-- name: line_open
-- Work that waits for a line.
select count(*) as waiting from contact
where line_id = %(line_id)s and state in ('received', 'waiting', 'offered', 'active', 'parked', 'wrap-up')

-- name: aside
-- Mails set aside, without their content, newest first.
select a.id, a.at, a.sender, a.recipient, a.reason, a.tries, a.state, a.message_id, octet_length(a.content) as size,
  d.address as door, d.line_id
from set_aside a left join door d on d.id = a.door_id
where a.state = any(%(states)s) and (%(lines)s::bigint[] is null or d.line_id = any(%(lines)s::bigint[]))
order by a.at desc, a.id desc limit %(limit)s offset %(skip)s

-- name: aside_count
select count(*) as n from set_aside a left join door d on d.id = a.door_id
where a.state = any(%(states)s) and (%(lines)s::bigint[] is null or d.line_id = any(%(lines)s::bigint[]))

-- name: aside_one
select a.id, a.at, a.sender, a.recipient, a.reason, a.tries, a.state, a.message_id, a.content, d.address as door, d.line_id
from set_aside a left join door d on d.id = a.door_id
where a.id = %(id)s and (%(lines)s::bigint[] is null or d.line_id = any(%(lines)s::bigint[]))

-- name: aside_dismiss
update set_aside set state = 'dismissed' where id = %(id)s and state = 'aside' returning id

-- name: aside_restore
update set_aside set state = 'aside' where id = %(id)s and state = 'dismissed' returning id

-- name: aside_lock
select id, door_id, at, sender, recipient, state, content from set_aside where id = %(id)s for update

-- name: aside_taken
update set_aside set state = 'taken', message_id = %(message_id)s where id = %(id)s and state = 'aside' returning id
