-- What the desk reads. Every list is bounded and paged by key; a name is joined, never asked for row by row.
-- Lists over several lines take the first rows of each line by its index and merge them (`cross join lateral`),
-- so that a page costs the same whether a line holds a hundred conversations or a million.

-- name: actor
select a.id, a.role, a.is_active, a.organisation_id, a.full_name,
  coalesce(g.kind = 'in-house', false) as in_house,
  array(select line_id from adviser_line where account_id = a.id order by line_id) as lines,
  array(select l.line_id from adviser_line l join account o on o.id = l.account_id
        where o.organisation_id = a.organisation_id group by l.line_id order by l.line_id) as organisation_lines
from account a left join organisation g on g.id = a.organisation_id where a.id = %(id)s

-- name: lines
select id, slug, name, language, signature, sender_name, time_zone from line
where id = any(%(lines)s) order by name

-- name: all_lines
select id, slug, name from line where active order by name

-- name: advisers_of_lines
-- Whom a conversation can be handed to, with whether they are here.
select l.line_id, a.id, a.full_name as name, coalesce(p.state, 'offline') as presence
from adviser_line l join account a on a.id = l.account_id and a.is_active
left join presence p on p.account_id = a.id
where l.line_id = any(%(lines)s) order by a.full_name limit 2000

-- name: offers
select k.id as contact_id, k.conversation_id, k.line_id, l.name as line, c.subject, s.expires_at, k.due_at,
       k.channel, coalesce(nullif(p.name, ''), m.sender, '') as who, k.received_at, left(m.body, 200) as excerpt
from seat s
join contact k on k.id = s.contact_id
join conversation c on c.id = k.conversation_id
join person p on p.id = c.person_id
join line l on l.id = k.line_id
left join lateral (select sender, coalesce(new_body, body) as body from message
                   where conversation_id = c.id and kind = 'in' order by id desc limit 1) m on true
where s.account_id = %(account_id)s and s.state = 'offered' and s.expires_at > %(at)s
order by s.expires_at limit 20

-- name: held
select k.id as contact_id, k.conversation_id, k.line_id, l.name as line, c.subject, k.state, k.due_at, k.wake_at,
       k.channel, k.received_at, c.last_at, coalesce(nullif(p.name, ''), a.value, '') as who,
       d.conversation_id is not null as drafted,
       (select w.kind from message w where w.conversation_id = c.id and w.kind in ('in', 'out')
        order by w.id desc limit 1) as last_kind
from contact k
join conversation c on c.id = k.conversation_id
join person p on p.id = c.person_id
join line l on l.id = k.line_id
left join draft d on d.conversation_id = c.id
left join lateral (select value from address where person_id = p.id order by id limit 1) a on true
where k.holder_id = %(account_id)s and k.state in ('active', 'wrap-up', 'parked')
order by k.state = 'parked', k.wake_at, k.due_at, k.id
limit 200

-- name: waiting
-- Most pressing first. `after_due` and `after_id` are the key of the last row of the page before.
select k.id as contact_id, k.conversation_id, k.line_id, l.name as line, c.subject, k.state, k.due_at,
       k.received_at as last_at, k.channel, coalesce(nullif(p.name, ''), a.value, '') as who
from unnest(%(lines)s::bigint[]) w(line_id)
cross join lateral (
  select * from contact
  where line_id = w.line_id and state in ('waiting', 'offered')
    and (due_at, id) > (coalesce(%(after_due)s, '-infinity'::timestamptz), coalesce(%(after_id)s, 0))
  order by due_at, id limit %(limit)s
) k
join conversation c on c.id = k.conversation_id
join person p on p.id = c.person_id
join line l on l.id = k.line_id
left join lateral (select value from address where person_id = p.id order by id limit 1) a on true
order by k.due_at, k.id limit %(limit)s

-- name: waiting_count
-- At most a thousand are counted: beyond that the exact number helps nobody.
select count(*)::int as n, max(id) as newest from (
  select k.id from unnest(%(lines)s::bigint[]) w(line_id)
  cross join lateral (select id from contact where line_id = w.line_id and state in ('waiting', 'offered')
                      order by due_at, id limit 1000) k limit 1000) x

-- name: waiting_by_line
-- What waits on each line, at most a thousand a line: a supervisor's first question.
select l.id, l.name, count(k.id)::int as n, min(k.due_at) as due_at,
       count(k.id) filter (where k.due_at < %(at)s)::int as late
from line l
join lateral (select id, due_at from contact where line_id = l.id and state in ('waiting', 'offered')
                   order by due_at, id limit 1000) k on true
where l.id = any(%(lines)s) and l.active group by l.id, l.name order by late desc, n desc, l.name

-- name: no_longer_waiting
-- Of these conversations, those that are not in the queue of my lines any more, with who has them. One that I do not
-- see is told like one that does not exist.
select w.id, c.state, c.line, c.holder
from unnest(%(ids)s::bigint[]) w(id)
left join lateral (
  select k.state, l.name as line, h.full_name as holder
  from conversation c
  join line l on l.id = c.line_id
  join lateral (select state, holder_id from contact where conversation_id = c.id order by id desc limit 1) k on true
  left join account h on h.id = k.holder_id and k.state in ('active', 'parked', 'wrap-up')
  where c.id = w.id and c.line_id = any(%(lines)s) and c.merged_into is null
) c on true
where c.state is null or c.state not in ('waiting', 'offered', 'received')

-- name: waiting_since
-- How many came into the queue after the newest row that a list shows.
select count(*)::int as n from (
  select 1 from contact where line_id = any(%(lines)s) and state in ('waiting', 'offered')
    and id > %(newest)s limit 100) x

-- name: recent
select c.id as conversation_id, c.line_id, l.name as line, c.subject, c.last_at, k.id as contact_id, k.state,
       k.due_at, k.channel, k.holder_id, h.full_name as holder, coalesce(nullif(p.name, ''), a.value, '') as who
from unnest(%(lines)s::bigint[]) w(line_id)
cross join lateral (
  select * from conversation
  where line_id = w.line_id and merged_into is null
    and (last_at < coalesce(%(before_at)s, 'infinity'::timestamptz)
         or (last_at = %(before_at)s and id < %(before_id)s))
  order by last_at desc, id desc limit %(limit)s
) c
join person p on p.id = c.person_id
join line l on l.id = c.line_id
left join lateral (select id, state, due_at, channel, holder_id from contact
                   where conversation_id = c.id order by id desc limit 1) k on true
left join account h on h.id = k.holder_id and k.state in ('active', 'wrap-up', 'parked')
left join lateral (select value from address where person_id = p.id order by id limit 1) a on true
order by c.last_at desc, c.id desc limit %(limit)s

-- name: recent_since
select count(*)::int as n from (
  select 1 from unnest(%(lines)s::bigint[]) w(line_id)
  cross join lateral (select 1 from conversation where line_id = w.line_id and merged_into is null
                      and last_at > %(newest)s limit 100) c limit 100) x

-- name: automatic
-- Machines' mails that came in: our own acknowledgements have no digest.
select m.id as message_id, m.conversation_id, c.line_id, l.name as line, coalesce(nullif(m.subject, ''), c.subject) as subject,
       m.at as last_at, m.channel, coalesce(nullif(m.sender_name, ''), m.sender) as who,
       m.facts ->> 'automatic' as reason, null as state
from message m join conversation c on c.id = m.conversation_id join line l on l.id = c.line_id
where m.kind = 'automatic' and m.digest is not null and c.line_id = any(%(lines)s)
  and m.id < coalesce(%(before_id)s, 9223372036854775807)
order by m.id desc limit %(limit)s

-- name: set_aside
select s.id, s.at, s.sender, s.recipient, s.reason, s.tries, octet_length(s.content) as size, d.address as door
from set_aside s left join door d on d.id = s.door_id
where s.state = 'aside' and s.id < coalesce(%(before_id)s, 9223372036854775807)
  and (s.door_id is null or d.line_id = any(%(lines)s))
order by s.id desc limit %(limit)s

-- name: set_aside_content
select s.content, d.line_id from set_aside s left join door d on d.id = s.door_id where s.id = %(id)s

-- name: conversation
select c.id, c.line_id, c.person_id, c.subject, c.opened_at, c.last_at, c.merged_into, c.twin_of, c.version,
       c.last_adviser_id, l.name as line, l.language, l.slug as line_slug, l.signature, l.time_zone,
       coalesce(p.merged_into, p.id) as now_person_id,
       k.id as contact_id, k.state, k.channel, k.due_at, k.received_at, k.holder_id, k.wake_at, k.closed_at,
       k.preferred_id, k.preferred_only, coalesce(k.subject_id, c.subject_id) as subject_id, k.outcome, h.full_name as holder, s.account_id as seat_account_id,
       s.state as seat_state, s.expires_at, j.name as motif, t.line_id as twin_line_id, tl.name as twin_line,
       exists(select 1 from subject x where x.line_id = c.line_id and x.active) as has_subjects
from conversation c
join line l on l.id = c.line_id
join person p on p.id = c.person_id
left join lateral (select * from contact where conversation_id = c.id order by id desc limit 1) k on true
left join account h on h.id = k.holder_id
left join seat s on s.contact_id = k.id and s.role = 'adviser'
left join subject j on j.id = coalesce(k.subject_id, c.subject_id)
left join conversation t on t.id = c.twin_of
left join line tl on tl.id = t.line_id
where c.id = %(id)s

-- name: twins
-- The same mail on other lines.
select c.id, c.line_id, l.name as line from conversation c join line l on l.id = c.line_id
where c.id in (select id from conversation where twin_of = %(id)s
               union all select twin_of from conversation where id = %(id)s)
  and c.merged_into is null and c.id <> %(id)s
limit 10

-- name: messages
-- The newest page, or what stands before / after a message. Read newest first, shown oldest first.
select m.id, m.conversation_id, m.kind, m.channel, m.at, m.author_id, a.full_name as author, m.sender_name, m.sender,
       m.recipients, m.subject, left(m.body, 200000) as body, left(m.new_body, 200000) as new_body, m.html,
       m.attachments, m.status, m.status_detail, m.facts, o.not_before, o.state as outgoing,
       exists(select 1 from mail_raw r where r.message_id = m.id) as raw,
       exists(select 1 from outgoing x where x.message_id = m.id) as sent_mail
from message m
left join account a on a.id = m.author_id
left join outgoing o on o.message_id = m.id and o.state = 'held'
where m.conversation_id = %(id)s
  and m.id < coalesce(%(before)s, 9223372036854775807) and m.id > coalesce(%(after)s, 0)
order by m.id desc limit %(limit)s

-- name: message_states
select id, status from message
where conversation_id = %(id)s and kind in ('out', 'automatic') and status <> '' order by id desc limit 20

-- name: message
-- One message with what decides who may see it.
select m.id, m.conversation_id, m.kind, m.html, m.attachments, m.facts, m.subject, m.sender, m.at, m.author_id, m.status,
       c.line_id
from message m join conversation c on c.id = m.conversation_id where m.id = %(id)s

-- name: raw
select coalesce(r.content, o.content) as content
from message m left join mail_raw r on r.message_id = m.id left join outgoing o on o.message_id = m.id
where m.id = %(id)s

-- name: events
-- Between the first and the last message shown; names are resolved here, once.
select e.id, e.at, e.kind, e.v, e.actor_id, e.data, x.full_name as actor, w.full_name as account, t.full_name as to_account,
       l.name as line, j.name as motif
from event e
left join account x on x.id = e.actor_id
left join account w on w.id = (case when e.data ->> 'account_id' ~ '^[0-9]+$' then (e.data ->> 'account_id')::bigint end)
left join account t on t.id = (case when e.data ->> 'to_account_id' ~ '^[0-9]+$' then (e.data ->> 'to_account_id')::bigint end)
left join line l on l.id = (case when e.kind = 'contact-transferred' then (e.data ->> 'line_id')::bigint end)
left join subject j on j.id = (case when e.data ->> 'subject_id' ~ '^[0-9]+$' then (e.data ->> 'subject_id')::bigint end)
where e.conversation_id in (select %(id)s::bigint union select id from conversation where merged_into = %(id)s)
  and e.kind = any(%(kinds)s)
  and e.at >= coalesce(%(from_at)s, '-infinity'::timestamptz) and e.at <= coalesce(%(to_at)s, 'infinity'::timestamptz)
  and e.id > coalesce(%(after)s, 0)
order by e.id desc limit 300

-- name: uploads_of_messages
select id, message_id, name, type, size from upload where message_id = any(%(ids)s) order by at, id

-- name: upload_of
select u.id, u.conversation_id, u.account_id, u.message_id, u.name, u.type, u.size, c.line_id
from upload u join conversation c on c.id = u.conversation_id where u.id = %(id)s

-- name: upload_content
select content from upload where id = %(id)s

-- name: subjects
select id, parent_id, name, active from subject where line_id = %(line_id)s order by position, name limit 2000

-- name: saved_answers
select id, line_id, title, body, language from saved_answer
where active and (line_id is null or line_id = %(line_id)s) order by line_id is null, title limit 500

-- name: saved_answer
select id, line_id, title, body, language from saved_answer where id = %(id)s and active

-- name: person
select p.id, p.name, p.language, p.note, p.created_at, p.version, p.merged_into from person p where p.id = %(id)s

-- name: addresses
-- Those of the person and of everybody merged into it.
select a.id, a.kind, a.value, a.bounced_at, a.bounce, a.person_id, a.origin_id
from address a
where a.person_id in (select %(id)s::bigint union all select id from person where merged_into = %(id)s)
order by a.id limit 100

-- name: merged_persons
select p.id, p.name, p.note, (select value from address where origin_id = p.id order by id limit 1) as address
from person p where p.merged_into = %(id)s order by p.id limit 50

-- name: bounced
select value, bounce from address where kind = 'mail' and bounced_at is not null and value = any(%(values)s)

-- name: history
-- The person's conversations over all lines, merged persons' too.
select c.id, c.line_id, l.name as line, c.subject, c.opened_at, c.last_at, k.state, k.holder_id, k.channel, j.name as motif
from conversation c
join line l on l.id = c.line_id
left join lateral (select state, holder_id, channel from contact where conversation_id = c.id order by id desc limit 1) k on true
left join subject j on j.id = c.subject_id
where c.person_id = any(%(persons)s) and c.merged_into is null
  and (c.last_at, c.id) < (coalesce(%(before_at)s, 'infinity'::timestamptz), coalesce(%(before_id)s, 9223372036854775807))
order by c.last_at desc, c.id desc limit %(limit)s

-- name: person_lines
-- On which lines this person is known: what decides whether an adviser may open them.
select distinct c.line_id from conversation c where c.person_id = any(%(persons)s) limit 200

-- name: persons_like
-- By name without accents or by address; the trigram indexes carry both.
select p.id, p.name, (select value from address where person_id = p.id order by id limit 1) as address
from person p
where p.merged_into is null and p.id in (
  (select id from person where merged_into is null and plain(name) like %(pattern)s limit 200)
  union
  (select person_id from address where value like %(pattern)s limit 200))
order by (plain(p.name) like %(start)s) desc, p.id desc limit %(limit)s

-- name: holds_person
-- A conversation of this person is in the hands of the account, on whatever line.
select 1 from conversation c join contact k on k.conversation_id = c.id
left join seat s on s.contact_id = k.id
where c.person_id = any(%(persons)s)
  and (k.holder_id = %(account_id)s and k.state in ('active', 'parked', 'wrap-up') or s.account_id = %(account_id)s
       or k.preferred_id = %(account_id)s and k.preferred_only and k.state = 'waiting')
limit 1

-- name: last_in
-- Whom to answer: the last who wrote, strangers apart while anybody else did.
select sender, sender_name from message
where conversation_id = %(id)s and kind = 'in' and sender <> ''
order by (facts ? 'stranger'), id desc limit 1

-- name: offers_of
-- Who was offered the contacts of a conversation, and why; with what became of it.
select e.id, e.at, e.contact_id, e.data->'reason' as reason, e.data->>'role' as role, a.full_name as account,
  (select n.kind from event n where n.contact_id = e.contact_id and n.id > e.id
     and n.kind in ('contact-accepted', 'contact-declined', 'contact-expired') order by n.id limit 1) as became
from event e left join account a on a.id = (e.data->>'account_id')::bigint
where e.conversation_id in (select %(id)s::bigint union select id from conversation where merged_into = %(id)s)
  and e.kind = 'contact-offered' order by e.id desc limit 50

-- name: last_contact
select id from contact where conversation_id = %(id)s order by id desc limit 1

-- name: skill_names
select id, name from skill

-- name: line_names
select slug, name from line
