-- name: lock
-- Everybody who takes in the same mail, an answer to it, or a mail of the same sender goes one after the
-- other: whoever is second sees what the first committed. Keys come sorted, so nobody waits in a circle.
select pg_advisory_xact_lock(key) from unnest(%(keys)s::bigint[]) key

-- name: ids
-- Fresh ids for n mails, so that all rows can be written without waiting for one another.
select nextval('message_id_seq') as message_id, nextval('conversation_id_seq') as conversation_id,
       nextval('contact_id_seq') as contact_id, nextval('person_id_seq') as person_id
from generate_series(1, %(n)s)

-- name: known_sources
select m.door_id, m.source_id, m.digest, m.id, m.conversation_id, m.contact_id
from message m join unnest(%(doors)s::bigint[], %(sources)s::text[]) as k(door_id, source_id)
  on m.door_id = k.door_id and m.source_id = k.source_id

-- name: known_ids
-- Messages by their Message-ID: parents, and copies of the same mail on another door.
select m.external_id, m.digest, m.id as message_id, m.kind, coalesce(c.merged_into, c.id) as conversation_id
from message m join conversation c on c.id = m.conversation_id
where m.external_id = any(%(ids)s::text[])

-- name: awaiting
-- Conversations that refer to a mail which is only arriving now.
select a.external_id, coalesce(c.merged_into, c.id) as conversation_id
from awaited_parent a join conversation c on c.id = a.conversation_id
where a.external_id = any(%(ids)s::text[])
order by a.conversation_id

-- name: persons
select a.value, coalesce(p.merged_into, p.id) as person_id, p.name
from address a join person p on p.id = a.person_id
where a.kind = 'mail' and a.value = any(%(addresses)s::text[])

-- name: conversations
-- The conversations a batch may join, with the open contact (if any) and who takes part; locked in id order.
-- A merged conversation gives the one it became. Our own doors take no part.
select c.id, c.line_id, c.person_id, c.last_adviser_id,
  array(select w.id from conversation w where w.merged_into = c.id) as former,
  k.id as contact_id, k.state, k.holder_id,
  array(
    (select a.value from address a join person p on p.id = a.person_id
     where coalesce(p.merged_into, p.id) = c.person_id and a.kind = 'mail'
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

-- name: add_person
-- The hot inserts take columns as arrays: one statement a batch, whatever its size.
insert into person (id, name, language, created_at)
select * from unnest(%(id)s::bigint[], %(name)s::text[], %(language)s::text[], %(at)s::timestamptz[])

-- name: add_address
insert into address (kind, value, person_id, origin_id)
select 'mail', value, person_id, person_id from unnest(%(value)s::text[], %(person_id)s::bigint[]) t(value, person_id)

-- name: log
insert into event (at, kind, v, contact_id, conversation_id, line_id, data)
select at, kind, v, contact_id, conversation_id, line_id, data::jsonb
from unnest(%(at)s::timestamptz[], %(kind)s::text[], %(v)s::smallint[], %(contact_id)s::bigint[],
            %(conversation_id)s::bigint[], %(line_id)s::bigint[], %(data)s::text[])
  t(at, kind, v, contact_id, conversation_id, line_id, data)

-- name: name_person
update person set name = %(name)s where id = %(id)s and name = ''

-- name: add_conversation
insert into conversation (id, line_id, person_id, subject, opened_at, last_at, twin_of)
select id, line_id, person_id, subject, at, at, twin_of
from unnest(%(id)s::bigint[], %(line_id)s::bigint[], %(person_id)s::bigint[], %(subject)s::text[],
            %(at)s::timestamptz[], %(twin_of)s::bigint[]) t(id, line_id, person_id, subject, at, twin_of)

-- name: touch_conversation
update conversation set last_at = %(at)s, version = version + 1 where id = %(id)s

-- name: add_contact
insert into contact (id, conversation_id, line_id, channel, state, received_at, waiting_since, due_at,
                     preferred_id, preferred_until)
select id, conversation_id, line_id, channel, 'waiting', at, at, due_at, preferred_id, preferred_until
from unnest(%(id)s::bigint[], %(conversation_id)s::bigint[], %(line_id)s::bigint[], %(channel)s::text[],
            %(at)s::timestamptz[], %(due_at)s::timestamptz[], %(preferred_id)s::bigint[],
            %(preferred_until)s::timestamptz[])
  t(id, conversation_id, line_id, channel, at, due_at, preferred_id, preferred_until)

-- name: add_message
insert into message (id, conversation_id, contact_id, kind, channel, door_id, at, sender_name, sender, recipients,
                     subject, body, new_body, html, attachments, source_id, digest, external_id, facts, search)
select id, conversation_id, contact_id, kind, channel, door_id, at, sender_name, sender, recipients::jsonb,
       subject, body, new_body, html, attachments::jsonb, source_id, digest, external_id, facts::jsonb, search::tsvector
from unnest(%(id)s::bigint[], %(conversation_id)s::bigint[], %(contact_id)s::bigint[], %(kind)s::text[],
            %(channel)s::text[], %(door_id)s::bigint[], %(at)s::timestamptz[], %(sender_name)s::text[],
            %(sender)s::text[], %(recipients)s::text[], %(subject)s::text[], %(body)s::text[], %(new_body)s::text[],
            %(html)s::boolean[], %(attachments)s::text[], %(source_id)s::text[], %(digest)b::bytea[],
            %(external_id)s::text[], %(facts)s::text[], %(search)s::text[])
  t(id, conversation_id, contact_id, kind, channel, door_id, at, sender_name, sender, recipients, subject, body,
    new_body, html, attachments, source_id, digest, external_id, facts, search)

-- name: add_raw
insert into mail_raw (message_id, content)
select * from unnest(%(message_id)s::bigint[], %(content)b::bytea[])

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

-- name: our_messages
-- The messages of ours that delivery reports speak of.
select m.id, coalesce(c.merged_into, c.id) as conversation_id, m.contact_id, m.recipients, c.line_id
from message m join conversation c on c.id = m.conversation_id
where m.id = any(%(ids)s::bigint[]) and m.kind in ('out', 'automatic')

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
