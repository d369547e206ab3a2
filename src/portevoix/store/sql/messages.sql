-- name: conversation
-- The conversation an answer goes into, locked: two answers of one form come one after the other. A merged one
-- gives what it became. The door is the one the client last wrote to, if it is still the line's; else the line's first.
select c.id, c.line_id, c.subject, c.person_id, p.name as person_name, p.language as person_language,
       l.name as line_name, l.sender_name, l.signature, l.language, l.time_zone,
       d.id as door_id, d.address as door, d.reply_token,
       k.id as contact_id, c.version
from conversation c
join line l on l.id = c.line_id
join person p on p.id = c.person_id
left join lateral (
  select d.id, d.address, d.reply_token from door d
  left join lateral (select m.id from message m where m.conversation_id = c.id and m.kind = 'in' and m.door_id = d.id
                     order by m.id desc limit 1) written on true
  where d.line_id = c.line_id and d.kind = 'mail' and d.active
  order by written.id desc nulls last, d.id limit 1
) d on true
left join contact k on k.conversation_id = c.id
  and k.state in ('received','waiting','offered','active','parked','wrap-up')
where c.id = (select coalesce(merged_into, id) from conversation where id = %(id)s)
for update of c

-- name: by_token
select id, status from message where conversation_id = %(conversation_id)s and source_id = %(source_id)s

-- name: account
select id, full_name, coalesce(nullif(public_name, ''), full_name) as shown_name from account where id = %(id)s

-- name: parent
-- The last thing the client wrote: what an answer answers.
select id, external_id, subject, facts, at, sender, sender_name, coalesce(new_body, body) as text
from message
where conversation_id = %(conversation_id)s and kind = 'in' and channel = 'mail'
order by id desc limit 1

-- name: next_id
select nextval('message_id_seq') as id

-- name: own_doors
select lower(address) as address from door where kind = 'mail' and lower(address) = any(%(addresses)s::text[])

-- name: bounced
select value, bounce from address
where kind = 'mail' and bounced_at is not null and value = any(%(addresses)s::text[])

-- name: add
insert into message (id, conversation_id, contact_id, kind, channel, door_id, at, author_id, sender_name, sender,
                     recipients, subject, body, new_body, html, attachments, source_id, external_id, status, facts,
                     search)
values (%(id)s, %(conversation_id)s, %(contact_id)s, %(kind)s, 'mail', %(door_id)s, %(at)s, %(author_id)s,
        %(sender_name)s, %(sender)s, %(recipients)s, %(subject)s, %(body)s, %(new_body)s, false, %(attachments)s,
        %(source_id)s, %(external_id)s, %(status)s, %(facts)s,
        %(search)s::tsvector)

-- name: touch
update conversation set last_at = greatest(last_at, %(at)s),
  last_adviser_id = coalesce(%(account_id)s, last_adviser_id), version = version + 1
where id = %(id)s

-- name: undo
-- Only what has not left: held, and its time not come. The runner's claim is the other side of this fence.
update outgoing set state = 'cancelled'
where message_id = %(id)s and state = 'held' and not_before > %(at)s
returning message_id

-- name: cancel
update message set status = 'cancelled' where id = %(id)s
returning id, conversation_id, contact_id, coalesce(new_body, body) as text, recipients, author_id

-- name: retry
-- A failed mail is tried again: the same bytes, the same Message-ID.
with o as (
  update outgoing set state = 'due', not_before = %(at)s, created_at = %(at)s, attempts = 0, reply = ''
  where message_id = %(id)s and state = 'failed' returning message_id
)
update message set status = 'queued', status_detail = '', facts = facts - 'refused'
where id in (select message_id from o)
returning id, conversation_id, contact_id

-- name: where
select m.id, m.conversation_id, m.contact_id, m.kind, m.status, m.author_id, c.line_id
from message m join conversation c on c.id = m.conversation_id where m.id = %(id)s

-- name: owed
-- The mail that opened a conversation, if its line acknowledges and its sender may get one; `recent` counts what the
-- sender was sent automatically since then.
select m.id, m.conversation_id, m.sender, m.sender_name, m.external_id, m.facts, m.at,
       l.ack_text, l.service_name, l.service_address, l.service_phone, l.silence, l.silence_months, l.appeal_text,
       (select count(*) from address a
        join conversation o on o.person_id = a.person_id and o.last_at >= %(since)s
        join message s on s.conversation_id = o.id and s.kind = 'automatic' and s.author_id is null
          and s.source_id = 'ack:' || o.id and s.at >= %(since)s
        where a.kind = 'mail' and a.value = m.sender) as recent
from message m
join conversation c on c.id = m.conversation_id
join line l on l.id = c.line_id
where m.id = %(message_id)s and m.kind = 'in' and m.channel = 'mail' and l.ack_active and c.merged_into is null
  and m.sender like '%%_@_%%'
  and not exists (select 1 from message f where f.conversation_id = m.conversation_id and f.id < m.id)
  and not exists (select 1 from door d where lower(d.address) = m.sender)
