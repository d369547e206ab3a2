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
  array(select al.line_id from adviser_line al where al.account_id = a.id order by 1) as lines,
  coalesce(q.lent, '{}') as lent, q.lent_until
from account a
left join (select n.account_id, array_agg(k.name || ' ' || n.level order by k.name) as lent, min(n.until) as lent_until
           from skill_for_now n join skill k on k.id = n.skill_id group by 1) q on q.account_id = a.id
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
-- Of each line: how many may take its work (every required skill), and how many of them are here. An organisation that answers on
-- its own platform is somebody who is always here.
select l.id as line_id, count(a.id) + max(e.many) as able, count(a.id) filter (where p.state = 'available') + max(e.many) as here
from line l
left join adviser_line al on al.line_id = l.id
left join account a on a.id = al.account_id and a.is_active
  and not exists (select from line_skill n where n.line_id = l.id and not exists (
    select from skill_held s where s.account_id = a.id and s.skill_id = n.skill_id and s.level >= n.min_level))
left join presence p on p.account_id = a.id
cross join lateral (select count(*) as many from contract c where c.own_platform and (c.lines = '[]' or c.lines ? l.slug)
  and (c.first_day is null or c.first_day <= now()::date) and (c.last_day is null or c.last_day >= now()::date)) e
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
delete from skill_for_now where until <= %(at)s returning account_id, skill_id

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
  f.id as act_id, f.former, f.until, f.reason, f.at as changed_at, b.full_name as by_name,
  (select count(*) from allocation x where x.day = %(day)s and x.organisation_id = c.organisation_id) as had
from contract c join organisation o on o.id = c.organisation_id
left join floor_act f on f.contract_id = c.id and f.kind = 'share' and f.ended_at is null and (f.until is not null or f.at > now() - interval '1 day')
left join account b on b.id = f.by_id
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

-- name: note_act
insert into floor_act (batch, at, by_id, kind, account_id, line_id, skill_id, contact_id, contract_id, former, value, reason,
  until, ended_at)
values (%(batch)s, %(at)s, %(by_id)s, %(kind)s, %(account_id)s, %(line_id)s, %(skill_id)s, %(contact_id)s, %(contract_id)s,
  %(former)s, %(value)s, %(reason)s, %(until)s, %(ended_at)s)
returning id

-- name: end_acts_on
-- What stood of this very thing.
update floor_act set ended_at = %(at)s, ended_by = %(by_id)s
where ended_at is null and kind = %(kind)s and account_id is not distinct from %(account_id)s
  and line_id is not distinct from %(line_id)s and skill_id is not distinct from %(skill_id)s
  and contact_id is not distinct from %(contact_id)s and contract_id is not distinct from %(contract_id)s
returning id, former, until

-- name: due_acts
select id from floor_act where until <= %(at)s and ended_at is null and kind in ('line', 'share') order by until limit 500

-- name: hold_act
select id, kind, account_id, line_id, skill_id, contract_id, former, value from floor_act
where id = %(id)s and ended_at is null for update

-- name: end_act
update floor_act set ended_at = %(at)s, ended_by = %(by_id)s where id = %(id)s returning id

-- name: name_batch
update floor_act set batch = %(batch)s where id = %(batch)s returning id

-- name: act
select f.id, f.kind, f.account_id, f.line_id, f.contract_id, f.ended_at, a.organisation_id, b.organisation_id as by_organisation_id
from floor_act f left join account a on a.id = f.account_id join account b on b.id = f.by_id where f.id = %(id)s

-- name: acts_of
select id from floor_act where batch = %(batch)s order by id

-- name: acts
-- What was done from the floor; an organisation's own people, or on lines without a person.
select f.id, f.batch, f.at, f.kind, f.account_id, f.line_id, f.contract_id, f.former, f.value, f.reason, f.until, f.ended_at,
  b.full_name as by_name, e.full_name as ended_by_name, a.full_name as person, a.organisation_id, l.name as line, k.name as skill,
  o.name as organisation
from floor_act f join account b on b.id = f.by_id left join account e on e.id = f.ended_by
left join account a on a.id = f.account_id left join line l on l.id = f.line_id left join skill k on k.id = f.skill_id
left join contract c on c.id = f.contract_id left join organisation o on o.id = c.organisation_id
where f.at > %(since)s and (%(batch)s::bigint is null or f.batch = %(batch)s)
  and (%(account_id)s::bigint is null or f.account_id = %(account_id)s)
  and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s
    or f.account_id is null and (b.organisation_id = %(organisation)s or f.kind = 'pause' and f.line_id = any(%(lines)s)))
order by f.id desc limit 200

-- name: notices
select f.id, f.kind, f.at, f.value, f.reason, f.until, b.full_name as by_name, l.name as line, s.name as skill
from floor_act f join account b on b.id = f.by_id left join line l on l.id = f.line_id left join skill s on s.id = f.skill_id
where f.account_id = %(account_id)s and f.read_at is null and f.at > %(since)s and f.by_id <> f.account_id
  and (f.ended_at is null or f.kind in ('push', 'pull')) order by f.id limit 5

-- name: see_act
update floor_act set read_at = coalesce(read_at, %(at)s) where id = %(id)s and account_id = %(account_id)s returning id

-- name: pauses_of
select l.id, l.name as line, p.until, p.reason, a.full_name as by_name
from adviser_line al join line_pause p on p.line_id = al.line_id and (p.until is null or p.until > %(at)s)
join line l on l.id = p.line_id join account a on a.id = p.by_id where al.account_id = %(account_id)s order by l.name

-- name: share_back
update contract set share = %(share)s where id = %(id)s and share = %(now)s returning id

-- name: to_head
-- Before everything else that waits on its line: what was promised to the client stays in due_at.
update contact k set head_at = (select least(min(coalesce(w.head_at, w.due_at)), %(at)s) - interval '1 second'
    from contact w where w.line_id = k.line_id and w.state = 'waiting'),
  preferred_id = null, preferred_until = null, preferred_only = false, version = version + 1
where k.id = %(id)s and k.state = 'waiting' returning k.id, k.conversation_id, k.line_id

-- name: level
select coalesce(max(level), 0) as level from adviser_skill where account_id = %(account_id)s and skill_id = %(skill_id)s

-- name: day_came
-- How many came in each quarter of an hour of a day.
select floor(extract(epoch from received_at - %(since)s) / 900)::int as quarter, count(*)::int as came
from contact where received_at >= %(since)s and received_at < %(until)s and line_id = any(%(lines)s) group by 1 order by 1

-- name: day_done
select floor(extract(epoch from ended_at - %(since)s) / 900)::int as quarter,
  count(*) filter (where in_target is not null)::int as answered, count(*) filter (where in_target)::int as in_time
from handling where ended_at >= %(since)s and ended_at < %(until)s and line_id = any(%(lines)s) group by 1 order by 1

-- name: day_gone
select floor(extract(epoch from closed_at - %(since)s) / 900)::int as quarter, count(*)::int as gave_up
from contact where state = 'abandoned' and closed_at >= %(since)s and closed_at < %(until)s and line_id = any(%(lines)s)
group by 1 order by 1

-- name: day_here
-- How many people were in each state in the middle of each quarter.
select q.quarter, s.state, count(*)::int as people
from generate_series(0, 95) q(quarter)
join presence_span s on s.began_at <= %(since)s + make_interval(secs => q.quarter * 900 + 450)
  and coalesce(s.ended_at, %(at)s) > %(since)s + make_interval(secs => q.quarter * 900 + 450)
  and s.began_at < %(until)s and coalesce(s.ended_at, %(at)s) > %(since)s
join account a on a.id = s.account_id and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s)
where s.state in ('available', 'paused') group by 1, 2

-- name: contract_lines
select id, lines from contract where id = %(id)s

-- name: marks
-- What a supervisor did with these waiting contacts.
select k.id, k.head_at, k.preferred_only, a.full_name as promised_to from contact k
left join account a on a.id = k.preferred_id and k.preferred_only
where k.id = any(%(ids)s::bigint[]) and (k.preferred_only or k.head_at is not null)

-- name: line_held
-- Who has what of a line, or is offered it.
select k.id, k.conversation_id, k.channel, k.state, k.due_at, a.full_name as name, a.id as account_id
from contact k left join seat s on s.contact_id = k.id and s.role = 'adviser'
join account a on a.id = coalesce(k.holder_id, s.account_id)
where k.line_id = %(line_id)s and k.state in ('active', 'offered', 'parked', 'wrap-up')
  and (%(organisation)s::bigint is null or a.organisation_id = %(organisation)s) order by a.full_name, k.due_at, k.id limit 200
