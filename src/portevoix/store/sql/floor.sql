-- name: queues
-- What waits now, by line and channel. The indexes of waiting and of held contacts are small, whatever the history.
select k.line_id, k.channel, count(*) filter (where k.state = 'waiting') as waiting,
  count(*) filter (where k.state = 'offered') as offered,
  count(*) filter (where k.state in ('waiting', 'offered') and k.due_at < %(at)s) as late,
  min(k.received_at) filter (where k.state = 'waiting') as oldest,
  min(k.due_at) filter (where k.state in ('waiting', 'offered')) as next_due
from contact k where k.state in ('waiting', 'offered') and k.line_id = any(%(lines)s) group by 1, 2

-- name: held
select k.line_id, k.channel, count(*) as held from contact k
where k.state in ('active', 'wrap-up') and k.line_id = any(%(lines)s) group by 1, 2

-- name: done
-- What was finished since a moment: how many, how many in time, seconds in hands.
select h.line_id, h.channel, count(*) filter (where h.in_target) as in_time,
  count(*) filter (where h.in_target is not null) as answered, count(*) as handled, avg(h.seconds) as seconds
from handling h where h.ended_at >= %(since)s and h.line_id = any(%(lines)s) group by 1, 2

-- name: lines
select l.id, l.slug, l.name, l.active, p.at as paused_at, p.until as paused_until, p.reason as pause_reason,
  a.full_name as paused_by
from line l left join line_pause p on p.line_id = l.id and (p.until is null or p.until > %(at)s)
left join account a on a.id = p.by_id where l.id = any(%(lines)s) order by l.name

-- name: all_lines
select id from line where active

-- name: people
-- Everybody who answers, with what they do now.
select a.id, a.full_name, a.role, a.organisation_id, o.name as organisation, t.name as team, s.name as site, a.works_from,
  coalesce(p.state, 'offline') as state, coalesce(p.reason, '') as reason, p.since,
  coalesce(h.held, 0) as held, coalesce(h.late, 0) as late,
  array(select al.line_id from adviser_line al where al.account_id = a.id order by 1) as lines
from account a
left join organisation o on o.id = a.organisation_id
left join team t on t.id = a.team_id left join site s on s.id = a.site_id
left join presence p on p.account_id = a.id
left join (select holder_id, count(*) as held, count(*) filter (where due_at < %(at)s) as late from contact
           where state in ('active', 'wrap-up') group by 1) h on h.holder_id = a.id
where a.is_active and a.role <> 'administrator' and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s)
order by a.full_name, a.id

-- name: person
select a.id, a.full_name, a.organisation_id, a.role from account a
where a.id = %(id)s and a.is_active and a.role <> 'administrator'

-- name: put_on
insert into adviser_line (account_id, line_id) values (%(account_id)s, %(line_id)s)
on conflict do nothing returning id

-- name: take_off
delete from adviser_line where account_id = %(account_id)s and line_id = %(line_id)s returning id

-- name: pause
insert into line_pause (line_id, by_id, at, until, reason) values (%(line_id)s, %(by_id)s, %(at)s, %(until)s, %(reason)s)
on conflict (line_id) do update set by_id = excluded.by_id, at = excluded.at, until = excluded.until, reason = excluded.reason
returning line_id

-- name: resume
delete from line_pause where line_id = %(line_id)s returning line_id

-- name: end_pauses
delete from line_pause where until <= %(at)s returning line_id

-- name: able
-- Of each line: how many may take its work (every required skill), and how many of them are here.
select l.id as line_id, count(a.id) as able, count(a.id) filter (where p.state = 'available') as here
from line l
left join adviser_line al on al.line_id = l.id
left join account a on a.id = al.account_id and a.is_active
  and not exists (select from line_skill n where n.line_id = l.id and not exists (
    select from skill_held s where s.account_id = a.id and s.skill_id = n.skill_id and s.level >= n.min_level))
left join presence p on p.account_id = a.id
where l.active and l.id = any(%(lines)s) group by 1

-- name: open_alarms
select r.id, r.line_id, r.kind, r.value, r.bound, r.at, r.seen_at, a.full_name as seen_by, l.name as line
from alarm r join line l on l.id = r.line_id left join account a on a.id = r.seen_by
where r.ended_at is null and r.line_id = any(%(lines)s) order by r.at, r.id

-- name: past_alarms
select r.id, r.line_id, r.kind, r.value, r.bound, r.at, r.ended_at, r.seen_at, a.full_name as seen_by, l.name as line
from alarm r join line l on l.id = r.line_id left join account a on a.id = r.seen_by
where r.line_id = any(%(lines)s) and r.at > %(since)s order by r.id desc limit 200

-- name: raise_alarm
insert into alarm (line_id, kind, value, bound, at) values (%(line_id)s, %(kind)s, %(value)s, %(bound)s, %(at)s)
on conflict (line_id, kind) where ended_at is null do nothing returning id

-- name: end_alarm
update alarm set ended_at = %(at)s where line_id = %(line_id)s and kind = %(kind)s and ended_at is null returning id

-- name: see_alarm
update alarm set seen_by = %(account_id)s, seen_at = %(at)s where id = %(id)s and seen_at is null returning line_id

-- name: alarm
select id, line_id, kind from alarm where id = %(id)s

-- name: bounds
select id as line_id, name, alarm_waiting, alarm_minutes, alarm_late from line where active

-- name: hours
-- Seconds in each state and for each reason between two moments; a state that lasts counts until now.
select a.id, a.full_name, o.name as organisation, t.name as team, s.state, s.reason, count(*) as times,
  coalesce(r.worked, true) as worked, coalesce(r.name_en, '') as reason_en,
  sum(extract(epoch from least(coalesce(s.ended_at, %(at)s), %(until)s) - greatest(s.began_at, %(since)s)))::float as seconds
from presence_span s join account a on a.id = s.account_id
left join organisation o on o.id = a.organisation_id left join team t on t.id = a.team_id
left join pause_reason r on r.name = s.reason and s.state = 'paused'
where s.state <> 'offline' and s.began_at < least(%(until)s, %(at)s) and coalesce(s.ended_at, %(at)s) > %(since)s
  and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s)
  and (%(account)s::bigint is null or a.id = %(account)s)
group by a.id, o.id, t.id, s.state, s.reason, r.id order by a.full_name, a.id, s.state, s.reason

-- name: lend_skill
insert into skill_for_now (account_id, skill_id, level, until, by_id, at)
select %(account_id)s, id, %(level)s, %(until)s, %(by_id)s, %(at)s from skill where id = %(skill_id)s
on conflict (account_id, skill_id) do update set level = excluded.level, until = excluded.until, by_id = excluded.by_id,
  at = excluded.at
returning account_id

-- name: end_skill
delete from skill_for_now where account_id = %(account_id)s and skill_id = %(skill_id)s returning account_id

-- name: end_skills
delete from skill_for_now where until <= %(at)s returning account_id

-- name: skills_of
-- Every skill with what this person has of it: by the settings, and for now.
select k.id, k.name, coalesce(s.level, 0) as level, n.level as now_level, n.until, a.full_name as by_name
from skill k left join adviser_skill s on s.skill_id = k.id and s.account_id = %(account_id)s
left join skill_for_now n on n.skill_id = k.id and n.account_id = %(account_id)s
left join account a on a.id = n.by_id order by k.name

-- name: answers
select account_id from adviser_line where account_id = %(account_id)s and line_id = %(line_id)s

-- name: not_again
-- As if they had declined it: the router asks others first.
update contact set declined = array[%(account_id)s::bigint] where id = %(id)s and state = 'waiting' returning id

-- name: in_hand
-- What somebody holds or is offered, by its number and line; the words of clients are for the desk.
select k.id, k.conversation_id, k.channel, k.state, k.due_at, k.received_at, l.name as line, l.id as line_id
from contact k join line l on l.id = k.line_id
where k.holder_id = %(account_id)s and k.state in ('active', 'parked', 'wrap-up')
union all
select k.id, k.conversation_id, k.channel, k.state, k.due_at, k.received_at, l.name, l.id
from seat s join contact k on k.id = s.contact_id join line l on l.id = k.line_id
where s.account_id = %(account_id)s and s.state = 'offered'
order by due_at, id

-- name: line_people
-- Who answers a line, with whether they are here: for whom one may give a contact to.
select a.id, a.full_name as name, coalesce(p.state, 'offline') as state, a.organisation_id
from adviser_line al join account a on a.id = al.account_id and a.is_active
left join presence p on p.account_id = a.id
where al.line_id = %(line_id)s and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s)
order by coalesce(p.state, 'offline') <> 'available', a.full_name limit 1000

-- name: word_people
select a.id, a.full_name, a.team_id, a.organisation_id, coalesce(p.state, 'offline') as state,
  array(select al.line_id from adviser_line al where al.account_id = a.id) as lines
from account a left join presence p on p.account_id = a.id
where a.is_active and a.role <> 'administrator' and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s)
order by a.id

-- name: groups
-- Teams and organisations one may write to.
select 'equipe-' || t.id as code, t.name from team t
where exists (select from account a where a.team_id = t.id and a.is_active
  and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s))
union all
select 'organisation-' || o.id, o.name from organisation o where %(organisation)s::bigint is null or o.id = %(organisation)s
order by 2

-- name: say
insert into team_message (by_id, at, until, text, audience) values (%(by_id)s, %(at)s, %(until)s, %(text)s, %(audience)s)
returning id

-- name: say_to
insert into team_message_to (message_id, account_id) select %(message_id)s, unnest(%(accounts)s::bigint[]) returning account_id

-- name: unread_words
select m.id, m.text, m.at, m.until, a.full_name as by_name
from team_message_to r join team_message m on m.id = r.message_id join account a on a.id = m.by_id
where r.account_id = %(account_id)s and r.read_at is null and m.withdrawn_at is null and m.until > %(at)s order by m.id limit 5

-- name: read_word
update team_message_to r set read_at = %(at)s from team_message m
where r.message_id = %(message_id)s and r.account_id = %(account_id)s and r.read_at is null and m.id = r.message_id
returning m.by_id

-- name: word_of
select message_id from team_message_to where message_id = %(message_id)s and account_id = %(account_id)s

-- name: said
select m.id, m.text, m.at, m.until, m.audience, m.withdrawn_at, a.full_name as by_name,
  (select json_agg(json_build_object('name', p.full_name, 'read_at', to_char(r.read_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
          order by r.read_at nulls last, p.full_name)
   from team_message_to r join account p on p.id = r.account_id where r.message_id = m.id) as people
from team_message m join account a on a.id = m.by_id
where m.at > %(since)s and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s) order by m.id desc limit 50

-- name: withdraw_word
update team_message m set withdrawn_at = %(at)s where m.id = %(id)s and m.withdrawn_at is null and m.until > %(at)s
returning m.id, array(select account_id from team_message_to where message_id = m.id) as accounts

-- name: shares
select c.id, o.name as organisation, c.share, c.lines, c.day_least, c.day_most,
  (select count(*) from allocation x where x.day = %(day)s and x.organisation_id = c.organisation_id) as had
from contract c join organisation o on o.id = c.organisation_id
where (c.first_day is null or c.first_day <= %(day)s) and (c.last_day is null or c.last_day >= %(day)s)
order by o.name, c.id

-- name: line_codes
select id, slug from line

-- name: set_share
with former as (select id, share from contract where id = %(id)s for update)
update contract c set share = %(share)s from former where c.id = former.id returning former.share as former

-- name: whose_contact
-- The organisation of who has it or is offered it; else the one it was given to.
select coalesce(a.organisation_id, x.organisation_id) as organisation_id
from contact k left join seat s on s.contact_id = k.id and s.role = 'adviser'
left join account a on a.id = coalesce(k.holder_id, s.account_id) left join allocation x on x.contact_id = k.id
where k.id = %(id)s
