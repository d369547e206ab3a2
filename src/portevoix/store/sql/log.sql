-- name: append
-- One event. Its xid is the transaction's: what makes following safe.
insert into event (at, kind, v, contact_id, conversation_id, line_id, actor_id, data)
values (%(at)s, %(kind)s, %(v)s, %(contact_id)s, %(conversation_id)s, %(line_id)s, %(actor_id)s, %(data)s)
returning id

-- name: read_on
-- What was committed after the cursor and can no longer be preceded by a running transaction.
select id, xid::text as xid, at, kind, v, contact_id, conversation_id, line_id, actor_id, data
from event
where (xid, id) > (%(xid)s::xid8, %(id)s) and xid < pg_snapshot_xmin(pg_current_snapshot())
order by event.xid, event.id  -- not the text of the same name
limit %(limit)s

-- name: news
-- All that is visible after the cursor and was not given yet, and below which transaction nothing more can appear.
select s.below::text as below, e.*
from (select pg_snapshot_xmin(pg_current_snapshot()) as below) s
left join lateral (
  select id, event.xid::text as xid, at, kind, v, contact_id, conversation_id, line_id, actor_id, data
  from event
  where (event.xid, id) > (%(xid)s::xid8, %(id)s) and not id = any(%(given)s::bigint[])
  order by event.xid, event.id
  limit %(limit)s
) e on true

-- name: head
-- The cursor from which only what comes later is read.
select (pg_snapshot_xmin(pg_current_snapshot())::text::numeric - 1)::text as xid, 9223372036854775807 as id

-- name: of_contact
select id, xid::text as xid, at, kind, v, contact_id, conversation_id, line_id, actor_id, data
from event where contact_id = %(contact_id)s order by id

-- name: of_conversation
select id, xid::text as xid, at, kind, v, contact_id, conversation_id, line_id, actor_id, data
from event where conversation_id = %(conversation_id)s order by id

-- name: load_cursor
select xid::text as xid, id from log_cursor where reader = %(reader)s

-- name: save_cursor
insert into log_cursor (reader, xid, id) values (%(reader)s, %(xid)s::xid8, %(id)s)
on conflict (reader) do update set xid = excluded.xid, id = excluded.id
