-- name: get
select d.conversation_id, d.body, d.recipients, d.saved_by, d.saved_at, d.version, a.full_name as saved_by_name
from draft d join account a on a.id = d.saved_by where d.conversation_id = %(conversation_id)s

-- name: begin
insert into draft (conversation_id, body, recipients, saved_by, saved_at)
values (%(conversation_id)s, %(body)s, %(recipients)s, %(account_id)s, %(at)s)
on conflict do nothing
returning version

-- name: save
update draft set body = %(body)s, recipients = %(recipients)s, saved_by = %(account_id)s, saved_at = %(at)s,
  version = version + 1
where conversation_id = %(conversation_id)s and version = %(version)s
returning version

-- name: restore
-- The text of an undone answer comes back; what was begun since stays below it.
insert into draft (conversation_id, body, recipients, saved_by, saved_at)
values (%(conversation_id)s, %(body)s, %(recipients)s, %(account_id)s, %(at)s)
on conflict (conversation_id) do update set version = draft.version + 1, saved_at = excluded.saved_at,
  saved_by = excluded.saved_by, recipients = excluded.recipients,
  body = case when btrim(draft.body) in ('', excluded.body) then excluded.body
              else excluded.body || E'\n\n' || draft.body end
returning version

-- name: discard
delete from draft where conversation_id = %(conversation_id)s

-- name: discard_version
delete from draft where conversation_id = %(conversation_id)s and version = %(version)s returning version

-- name: exists
select 1 as yes from draft where conversation_id = %(conversation_id)s

-- name: add_upload
insert into upload (id, conversation_id, account_id, name, type, size, sha256, content, at)
values (%(id)s, %(conversation_id)s, %(account_id)s, %(name)s, %(type)s, %(size)s, %(sha256)s, %(content)s, %(at)s)

-- name: lock_conversation
select coalesce(merged_into, id) as id from conversation where id = %(id)s for update

-- name: draft_size
select coalesce(sum(size), 0)::bigint as size, count(*) as files
from upload where conversation_id = %(conversation_id)s and message_id is null

-- name: of_draft
select id, name, type, size, account_id, at from upload
where conversation_id = %(conversation_id)s and message_id is null order by at, id

-- name: of_message
select id, name, type, size, account_id, at from upload where message_id = %(message_id)s order by at, id

-- name: upload
select id, conversation_id, message_id, account_id, name, type, size, sha256, content, at
from upload where id = %(id)s

-- name: take_uploads
-- Those of this conversation that are still with its draft; locked, so that a file leaves with one mail only.
select id, name, type, size, sha256, content from upload
where id = any(%(ids)s::uuid[]) and conversation_id = %(conversation_id)s and message_id is null
order by at, id for update

-- name: send_uploads
update upload set message_id = %(message_id)s where id = any(%(ids)s::uuid[])

-- name: return_uploads
update upload set message_id = null, at = %(at)s where message_id = %(message_id)s

-- name: remove_upload
delete from upload where id = %(id)s and conversation_id = %(conversation_id)s and message_id is null returning id

-- name: sweep
-- Files that nobody sent: gone a day after the last change to their draft.
delete from upload u where u.message_id is null and u.at < %(before)s
  and not exists (select 1 from draft d where d.conversation_id = u.conversation_id and d.saved_at >= %(before)s)
