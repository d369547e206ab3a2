-- name: lock
-- Everybody who takes in the same mail, an answer to it, or a mail of the same sender goes one after the
-- other: whoever is second sees what the first committed. Keys come sorted, so nobody waits in a circle.
select pg_advisory_xact_lock(key) from unnest(%(keys)s::bigint[]) key

-- name: look
-- All that the tables know of a batch, in one statement: a batch is small when there are few connections, and each
-- statement costs as much as a row. `sources`: copies of the same mail. `known`: parents, and copies on another door.
-- `awaiting`: conversations that refer to a mail which is only arriving now. `bounced`: messages of ours that
-- delivery reports speak of. The ids are fresh, so that all rows can be written without waiting for one another.
select
  (select json_agg(x) from (
    select nextval('message_id_seq') as message_id, nextval('conversation_id_seq') as conversation_id,
           nextval('contact_id_seq') as contact_id, nextval('person_id_seq') as person_id
    from generate_series(1, %(count)s)) x) as fresh,
  (select json_agg(x) from (
    select m.door_id, m.source_id, encode(m.digest, 'hex') as digest, m.id, m.conversation_id, m.contact_id
    from message m join unnest(%(doors)b::bigint[], %(sources)b::text[]) as k(door_id, source_id)
      on m.door_id = k.door_id and m.source_id = k.source_id) x) as sources,
  (select json_agg(x) from (
    select m.external_id, encode(m.digest, 'hex') as digest, m.id as message_id, coalesce(c.merged_into, c.id) as conversation_id
    from message m join conversation c on c.id = m.conversation_id
    where m.external_id = any(%(ids)b::text[])) x) as known,
  (select json_agg(x) from (
    select a.external_id, coalesce(c.merged_into, c.id) as conversation_id
    from awaited_parent a join conversation c on c.id = a.conversation_id
    where a.external_id = any(%(own_ids)b::text[])
    order by a.conversation_id) x) as awaiting,
  (select json_agg(x) from (
    select a.value, coalesce(p.merged_into, p.id) as person_id, p.name
    from address a join person p on p.id = a.person_id
    where a.kind = 'mail' and a.value = any(%(addresses)b::text[])) x) as persons,
  (select json_agg(x) from (
    select m.id, coalesce(c.merged_into, c.id) as conversation_id, m.contact_id, m.recipients, c.line_id
    from message m join conversation c on c.id = m.conversation_id
    where m.id = any(%(bounced)b::bigint[]) and m.kind in ('out', 'automatic')) x) as bounced

-- name: conversations
-- The conversations a batch may join, with the open contact (if any) and who takes part; locked in id order.
-- A merged conversation gives the one it became. Our own doors take no part.
select c.id, c.line_id, c.person_id, c.last_adviser_id,
  array(select w.id from conversation w where w.merged_into = c.id) as former,
  k.id as contact_id, k.state, k.holder_id,
  array(
    (select a.value from address a
     where a.person_id in (select c.person_id union all select p.id from person p where p.merged_into = c.person_id)
       and a.kind = 'mail'
     union select m.sender from message m
     where m.conversation_id = c.id and m.kind = 'in' and not m.facts ? 'stranger'
     union select lower(r ->> 'address') from message m cross join jsonb_array_elements(m.recipients) r
     where m.conversation_id = c.id and m.kind in ('in', 'out') and not m.facts ? 'stranger')
    except select lower(d.address) from door d
  ) as participants
from conversation c
left join contact k on k.conversation_id = c.id
  and k.state in ('received','waiting','offered','active','parked','wrap-up')
where c.id in (select coalesce(merged_into, id) from conversation where id = any(%(ids)s::bigint[]))
order by c.id
for update of c

-- name: add
-- All new rows of a batch, whatever its size, in one statement; columns come as arrays. Foreign keys are checked at
-- the end of the statement, so the order of its parts does not matter.
with a_person as (
  insert into person (id, name, language, created_at)
  select * from unnest(%(person_id)b::bigint[], %(person_name)b::text[], %(person_language)b::text[], %(person_at)b::timestamptz[])
), an_address as (
  insert into address (kind, value, person_id, origin_id)
  select 'mail', value, person_id, person_id
  from unnest(%(address_value)b::text[], %(address_person_id)b::bigint[]) t(value, person_id)
), a_conversation as (
  insert into conversation (id, line_id, person_id, subject, opened_at, last_at, twin_of)
  select id, line_id, person_id, subject, at, at, twin_of
  from unnest(%(conversation_id)b::bigint[], %(conversation_line_id)b::bigint[], %(conversation_person_id)b::bigint[],
              %(conversation_subject)b::text[], %(conversation_at)b::timestamptz[], %(conversation_twin_of)b::bigint[])
    t(id, line_id, person_id, subject, at, twin_of)
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
         body, new_body, html, attachments::jsonb, source_id, digest, external_id, facts::jsonb, search::tsvector
  from unnest(%(message_id)b::bigint[], %(message_conversation_id)b::bigint[], %(message_contact_id)b::bigint[],
              %(message_kind)b::text[], %(message_channel)b::text[], %(message_door_id)b::bigint[],
              %(message_at)b::timestamptz[], %(message_sender_name)b::text[], %(message_sender)b::text[],
              %(message_recipients)b::text[], %(message_subject)b::text[], %(message_body)b::text[],
              %(message_new_body)b::text[], %(message_html)b::boolean[], %(message_attachments)b::text[],
              %(message_source_id)b::text[], %(message_digest)b::bytea[], %(message_external_id)b::text[],
              %(message_facts)b::text[], %(message_search)b::text[])
    t(id, conversation_id, contact_id, kind, channel, door_id, at, sender_name, sender, recipients, subject, body,
      new_body, html, attachments, source_id, digest, external_id, facts, search)
), a_mail as (
  insert into mail_raw (message_id, content)
  select * from unnest(%(raw_message_id)b::bigint[], %(raw_content)b::bytea[])
)
insert into event (at, kind, v, contact_id, conversation_id, line_id, data)
select at, kind, v, contact_id, conversation_id, line_id, data::jsonb
from unnest(%(log_at)b::timestamptz[], %(log_kind)b::text[], %(log_v)b::smallint[], %(log_contact_id)b::bigint[],
            %(log_conversation_id)b::bigint[], %(log_line_id)b::bigint[], %(log_data)b::text[])
  t(at, kind, v, contact_id, conversation_id, line_id, data)

-- name: touch_conversation
-- After the rows above: a conversation that began in this very batch may be touched too.
update conversation c set last_at = t.at, version = version + t.n
from (select id, max(at) as at, count(*)::int as n
      from unnest(%(id)b::bigint[], %(at)b::timestamptz[]) t(id, at) group by id) t
where c.id = t.id

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
