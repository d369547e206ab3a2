-- name: lock
-- In the order of their ids, so that two who merge do not wait for each other.
select c.id, c.line_id, c.person_id, c.subject, c.merged_into, c.opened_at, c.last_at
from conversation c where c.id = any(%(ids)s::bigint[]) order by c.id for update

-- name: open_contacts
select id, conversation_id, line_id, state, holder_id, due_at, received_at from contact
where conversation_id = any(%(ids)s::bigint[])
  and state in ('received','waiting','offered','active','parked','wrap-up')
order by id for update

-- name: inherit
-- The contact that stays is as urgent as the more urgent of the two.
update contact set due_at = least(due_at, %(due_at)s), received_at = least(received_at, %(received_at)s),
  version = version + 1
where id = %(id)s

-- name: move_contacts
update contact set conversation_id = %(to_id)s, version = version + 1 where conversation_id = %(from_id)s

-- name: move_messages
update message set conversation_id = %(to_id)s where conversation_id = %(from_id)s

-- name: move_uploads
update upload set conversation_id = %(to_id)s where conversation_id = %(from_id)s

-- name: move_draft
-- Two drafts become one text: nobody's words are lost.
with gone as (delete from draft where conversation_id = %(from_id)s returning body, recipients, saved_by, saved_at)
insert into draft (conversation_id, body, recipients, saved_by, saved_at)
select %(to_id)s, body, recipients, saved_by, saved_at from gone
on conflict (conversation_id) do update set version = draft.version + 1,
  body = case when btrim(excluded.body) = '' then draft.body when btrim(draft.body) = '' then excluded.body
              else draft.body || E'\n\n' || excluded.body end

-- name: move_awaited
with gone as (delete from awaited_parent where conversation_id = %(from_id)s returning external_id, at)
insert into awaited_parent (external_id, conversation_id, at) select external_id, %(to_id)s, at from gone
on conflict do nothing

-- name: become
-- Also those that had become the one that goes now.
update conversation set merged_into = %(to_id)s, version = version + 1
where id = %(from_id)s or merged_into = %(from_id)s

-- name: widen
update conversation set opened_at = least(opened_at, %(opened_at)s), last_at = greatest(last_at, %(last_at)s),
  version = version + 1
where id = %(id)s

-- name: message
select id, conversation_id, kind, subject, at, sender from message where id = %(id)s

-- name: before
select id from message where conversation_id = %(conversation_id)s and id < %(message_id)s limit 1

-- name: begin
-- The conversation that a split opens: for whoever wrote the message it begins with, if that is a known person.
insert into conversation (line_id, person_id, subject, opened_at, last_at, last_adviser_id)
select c.line_id,
  coalesce((select coalesce(p.merged_into, p.id) from address a join person p on p.id = a.person_id
            where a.kind = 'mail' and a.value = %(sender)s), c.person_id),
  %(subject)s, %(at)s, c.last_at, c.last_adviser_id
from conversation c where c.id = %(id)s
returning id, line_id

-- name: add_contact
insert into contact (conversation_id, line_id, channel, state, received_at, waiting_since, due_at, preferred_id,
                     preferred_until)
select %(conversation_id)s, l.id, 'mail', 'waiting', %(received_at)s, %(waiting_since)s, %(due_at)s, %(account_id)s,
       %(at)s + l.preferred_seconds * interval '1 second'
from line l where l.id = %(line_id)s
returning id

-- name: take_messages
update message set conversation_id = %(to_id)s, contact_id = %(contact_id)s
where conversation_id = %(from_id)s and id >= %(message_id)s

-- name: move_sent_uploads
update upload set conversation_id = %(to_id)s
where message_id in (select id from message where conversation_id = %(to_id)s) and conversation_id = %(from_id)s

-- name: refresh
update conversation c set version = version + 1,
  last_at = coalesce((select max(at) from message m where m.conversation_id = c.id and m.kind <> 'note'), c.last_at)
where c.id = any(%(ids)s::bigint[])

-- name: rename
update conversation set subject = %(subject)s, version = version + 1 where id = %(id)s returning id

-- name: writing
insert into writing (conversation_id, account_id, at) values (%(conversation_id)s, %(account_id)s, %(at)s)
on conflict (conversation_id, account_id) do update set at = excluded.at

-- name: writers
select w.account_id, a.full_name as name, w.at from writing w join account a on a.id = w.account_id
where w.conversation_id = %(conversation_id)s and w.account_id <> %(but)s and w.at > %(since)s
order by a.full_name

-- name: forget_writing
delete from writing where at < %(before)s

-- name: forget_awaited
delete from awaited_parent where at < %(before)s
