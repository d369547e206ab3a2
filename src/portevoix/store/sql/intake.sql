-- name: look
-- See sql/schema/0002_intake.sql.
select intake_look(%(keys)b, %(count)b, %(doors)b, %(sources)b, %(ids)b, %(own_ids)b, %(addresses)b, %(bounced)b, %(tokens)b)

-- name: add
-- All that a batch writes, whatever its size, in one statement; columns come as arrays. Foreign keys are checked at the
-- end of the statement, so the order of its parts does not matter.
with a_person as (
  insert into person (id, name, language, created_at)
  select * from unnest(%(person_id)b::bigint[], %(person_name)b::text[], %(person_language)b::text[], %(person_at)b::timestamptz[])
), an_address as (
  insert into address (kind, value, person_id, origin_id)
  select 'mail', value, person_id, person_id
  from unnest(%(address_value)b::text[], %(address_person_id)b::bigint[]) t(value, person_id)
), a_conversation as (
  insert into conversation (id, line_id, person_id, subject, opened_at, last_at, twin_of, version)
  select id, line_id, person_id, subject, at, last_at, twin_of, version
  from unnest(%(conversation_id)b::bigint[], %(conversation_line_id)b::bigint[], %(conversation_person_id)b::bigint[],
              %(conversation_subject)b::text[], %(conversation_at)b::timestamptz[],
              %(conversation_last_at)b::timestamptz[], %(conversation_twin_of)b::bigint[], %(conversation_version)b::int[])
    t(id, line_id, person_id, subject, at, last_at, twin_of, version)
), a_contact as (
  insert into contact (id, conversation_id, line_id, channel, state, received_at, waiting_since, due_at,
                       preferred_id, preferred_until)
  select id, conversation_id, line_id, channel, 'waiting', at, at, due_at, preferred_id, preferred_until
  from unnest(%(contact_id)b::bigint[], %(contact_conversation_id)b::bigint[], %(contact_line_id)b::bigint[],
              %(contact_channel)b::text[], %(contact_at)b::timestamptz[], %(contact_due_at)b::timestamptz[],
              %(contact_preferred_id)b::bigint[], %(contact_preferred_until)b::timestamptz[])
    t(id, conversation_id, line_id, channel, at, due_at, preferred_id, preferred_until)
), a_message as (
  insert into message (id, conversation_id, contact_id, kind, channel, door_id, at, sender_name, sender, recipients,
                       subject, body, new_body, html, attachments, source_id, digest, external_id, facts, search)
  select id, conversation_id, contact_id, kind, channel, door_id, at, sender_name, sender, recipients::jsonb, subject,
         body, new_body, html, attachments::jsonb, source_id, digest, external_id, facts::jsonb, search
  from unnest(%(message_id)b::bigint[], %(message_conversation_id)b::bigint[], %(message_contact_id)b::bigint[],
              %(message_kind)b::text[], %(message_channel)b::text[], %(message_door_id)b::bigint[],
              %(message_at)b::timestamptz[], %(message_sender_name)b::text[], %(message_sender)b::text[],
              %(message_recipients)b::text[], %(message_subject)b::text[], %(message_body)b::text[],
              %(message_new_body)b::text[], %(message_html)b::boolean[], %(message_attachments)b::text[],
              %(message_source_id)b::text[], %(message_digest)b::bytea[], %(message_external_id)b::text[],
              %(message_facts)b::text[], %(message_search)b::tsvector[])
    t(id, conversation_id, contact_id, kind, channel, door_id, at, sender_name, sender, recipients, subject, body,
      new_body, html, attachments, source_id, digest, external_id, facts, search)
), a_mail as (
  insert into mail_raw (message_id, content)
  select * from unnest(%(raw_message_id)b::bigint[], %(raw_content)b::bytea[])
), a_touch as (
  -- Conversations that were there before; one that begins here is written as it ends.
  update conversation c set last_at = t.at, version = version + t.n
  from (select id, max(at) as at, count(*)::int as n
        from unnest(%(touch_id)b::bigint[], %(touch_at)b::timestamptz[]) t(id, at) group by id) t
  where c.id = t.id and c.id = any(%(touch_id)b)
)
insert into event (at, kind, v, contact_id, conversation_id, line_id, data)
select at, kind, v, contact_id, conversation_id, line_id, data::jsonb
from unnest(%(log_at)b::timestamptz[], %(log_kind)b::text[], %(log_v)b::smallint[], %(log_contact_id)b::bigint[],
            %(log_conversation_id)b::bigint[], %(log_line_id)b::bigint[], %(log_data)b::text[])
  t(at, kind, v, contact_id, conversation_id, line_id, data)

-- name: name_person
update person set name = %(name)s where id = %(id)s and name = ''

-- name: await_parent
insert into awaited_parent (external_id, conversation_id, at) values (%(external_id)s, %(conversation_id)s, %(at)s)
on conflict do nothing

-- name: stop_awaiting
delete from awaited_parent where external_id = any(%(ids)s::text[])

-- name: return_parked
-- The client wrote: a parked contact goes back to the queue, first to who parked it.
update contact set state = 'waiting', waiting_since = %(at)s, wake_at = null, preferred_id = holder_id,
  preferred_until = %(preferred_until)s, holder_id = null, declined = '{}', due_at = %(due_at)s, version = version + 1
where id = %(id)s and state = 'parked'

-- name: resume_wrapped
update contact set state = 'active', version = version + 1 where id = %(id)s and state = 'wrap-up'

-- name: mark_bounced
update message set status = 'bounced', status_detail = %(detail)s where id = %(id)s and status <> 'cancelled'

-- name: mark_address
update address set bounced_at = %(at)s, bounce = %(detail)s where kind = 'mail' and value = any(%(addresses)s::text[])

-- name: set_aside
insert into set_aside (door_id, at, sender, recipient, reason, sha256, content)
values (%(door_id)s, %(at)s, %(sender)s, %(recipient)s, %(reason)s, %(sha256)s, %(content)s)
on conflict (door_id, sha256) do update set tries = set_aside.tries + 1, reason = excluded.reason
returning id

-- name: retake
update set_aside set state = 'taken', message_id = %(message_id)s where id = %(id)s and state = 'aside'
