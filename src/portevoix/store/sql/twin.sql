-- name: clients
-- Everybody who came in a period, without a word of theirs: when, on which line and channel, how long until somebody took them,
-- how long it took in hands, how long they waited before they gave up.
select k.id, l.slug as line, k.channel, k.received_at, extract(epoch from k.due_at - k.received_at)::float8 as target,
  h.seconds::float8 as handling, extract(epoch from h.began_at - k.received_at)::float8 as waited,
  case when k.state = 'abandoned' then extract(epoch from k.closed_at - k.received_at)::float8 end as gave_up
from contact k join line l on l.id = k.line_id
left join (select contact_id, sum(seconds) as seconds, min(began_at) as began_at from handling group by 1) h on h.contact_id = k.id
where k.received_at >= %(since)s and k.received_at < %(until)s order by k.received_at, k.id

-- name: people
-- Who was at work in the period, with what they may take.
select a.id, o.name as organisation, a.mail_capacity, a.mails_block_calls,
  array(select l.slug from adviser_line al join line l on l.id = al.line_id where al.account_id = a.id order by 1) as lines,
  array(select json_build_array(k.slug, s.level) from adviser_skill s join skill k on k.id = s.skill_id
        where s.account_id = a.id order by k.slug) as skills
from account a left join organisation o on o.id = a.organisation_id
where exists (select from presence_span p where p.account_id = a.id and p.state in ('available', 'wrap-up')
              and p.began_at < %(until)s and coalesce(p.ended_at, %(until)s) > %(since)s)
order by a.id

-- name: spans
select account_id, extract(epoch from greatest(began_at, %(since)s) - %(since)s)::float8 as since,
  extract(epoch from least(coalesce(ended_at, %(until)s), %(until)s) - %(since)s)::float8 as until
from presence_span where state in ('available', 'wrap-up') and began_at < %(until)s and coalesce(ended_at, %(until)s) > %(since)s
order by account_id, began_at

-- name: lines
select l.slug, l.urgency_weight, l.urgency_minutes, l.reserve_people, l.relaxations,
  array(select json_build_array(k.slug, n.min_level) from line_skill n join skill k on k.id = n.skill_id
        where n.line_id = l.id order by k.slug) as skills
from line l where l.active order by l.slug

-- name: contracts
select o.name as organisation, c.share, c.lines, c.channels, c.hours, c.day_least, c.day_most, c.week_least, c.week_most,
  c.helps_after, c.lends_after
from contract c join organisation o on o.id = c.organisation_id
where (c.first_day is null or c.first_day < %(until)s) and (c.last_day is null or c.last_day >= %(since)s) order by o.name, c.id

-- name: ask
insert into whatif (account_id, at, since, until, changes, state)
values (%(account_id)s, %(at)s, %(since)s, %(until)s, %(changes)s, 'waiting') returning id

-- name: waiting_of
select count(*) as n from whatif where account_id = %(account_id)s and state in ('waiting', 'running')

-- name: again
-- What a process was playing when it ended is played anew.
update whatif set state = 'waiting', progress = 0 where state = 'running' returning id

-- name: next
update whatif set state = 'running', progress = 0 where id = (select id from whatif where state = 'waiting' order by id limit 1)
  and state = 'waiting' returning id, since, until, changes

-- name: tell
update whatif set progress = %(progress)s where id = %(id)s and state = 'running' returning id

-- name: finish
update whatif set state = 'done', progress = 1, result = %(result)s, ended_at = %(at)s where id = %(id)s and state = 'running'
returning id

-- name: fail
update whatif set state = 'failed', error = %(error)s, ended_at = %(at)s where id = %(id)s and state = 'running' returning id

-- name: cancel
update whatif set state = 'cancelled', ended_at = %(at)s where id = %(id)s and state in ('waiting', 'running') returning id

-- name: study
select w.id, w.account_id, w.at, w.since, w.until, w.changes, w.state, w.progress, w.result, w.error, w.ended_at, a.full_name as name,
  (select count(*) from whatif o where o.id < w.id and o.state in ('waiting', 'running')) as before
from whatif w join account a on a.id = w.account_id where w.id = %(id)s

-- name: studies
select w.id, w.at, w.since, w.until, w.changes, w.state, w.progress, w.ended_at, a.full_name as name
from whatif w join account a on a.id = w.account_id order by w.id desc limit 50

-- name: weeks
-- The weeks in which anybody came, the newest first, not the present one.
select date_trunc('week', received_at at time zone 'Europe/Paris')::date as monday, count(*) as clients
from contact where received_at >= %(since)s and received_at < %(until)s group by 1 order by 1 desc
