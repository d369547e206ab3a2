-- name: to_hand_over
-- What waits and was given to an organisation that answers elsewhere, by a contract in force, and was not given back by it since
-- (`first`). Not what a supervisor gave to somebody.
select k.id as contact_id, a.organisation_id
from contact k join allocation a on a.contact_id = k.id and a.line_id = k.line_id and a.organisation_id = any(a.first)
join line l on l.id = k.line_id and l.active
where k.state = 'waiting' and not k.preferred_only and exists (
  select from contract c where c.organisation_id = a.organisation_id and c.own_platform
    and (c.first_day is null or c.first_day <= %(day)s) and (c.last_day is null or c.last_day >= %(day)s))
  and not exists (select from line_pause p where p.line_id = k.line_id and (p.until is null or p.until > %(at)s))
order by k.received_at, k.id limit 500

-- name: undecided
-- What came while nobody could take it (closed, or had the most of another day) and only platforms may have it: nobody's people
-- will take it when they come, so it is given when one of them opens. One row for each of those who may.
select k.id as contact_id, c.organisation_id, c.share, c.hours
from contact k join allocation a on a.contact_id = k.id and a.line_id = k.line_id and a.organisation_id is null
join line l on l.id = k.line_id and l.active
join contract c on c.organisation_id = any(a.first) and c.own_platform
  and (c.first_day is null or c.first_day <= %(day)s) and (c.last_day is null or c.last_day >= %(day)s)
  and (c.lines = '[]' or c.lines ? l.slug) and (c.channels = '[]' or c.channels ? k.channel)
where k.state = 'waiting' and not k.preferred_only
  and exists (select from jsonb_array_elements(a.why) w where (w->>'organisation')::bigint = c.organisation_id
    and (w->>'code' = 'closed' or w->>'code' = 'most' and a.day < %(day)s))
  and not exists (select from unnest(a.first) f where not exists (
    select from contract p where p.organisation_id = f and p.own_platform))
  and not exists (select from line_pause p where p.line_id = k.line_id and (p.until is null or p.until > %(at)s))
order by k.received_at, k.id, c.organisation_id limit 500

-- name: decide
update allocation set organisation_id = %(organisation_id)s, first = array[%(organisation_id)s::bigint], day = %(day)s
where contact_id = %(contact_id)s and organisation_id is null returning contact_id

-- name: any_platform
select id from contract where own_platform limit 1

-- name: account
select account_id from elsewhere_account where organisation_id = %(organisation_id)s

-- name: make_account
with made as (
  insert into account (password, is_superuser, email, full_name, public_name, role, language, theme, density, font, sound,
    shortcuts, mail_capacity, mails_block_calls, is_active, is_staff, created_at, organisation_id, works_from)
  select '!', false, 'plateforme-' || o.id || '@portevoix.invalid', left('Plateforme de ' || o.name, 120), left(o.name, 120), 'adviser',
    'fr', 'auto', 'comfortable', 'default', false, false, 3, false, true, false, %(at)s, o.id, 'site'
  from organisation o where o.id = %(organisation_id)s returning id, organisation_id
)
insert into elsewhere_account (organisation_id, account_id) select organisation_id, id from made returning account_id

-- name: held
select k.id as contact, k.conversation_id, l.slug as line, k.channel, k.received_at, k.due_at, s.since as handed_over_at, c.subject,
  p.name, (select json_agg(json_build_object('at', m.at, 'from', m.sender, 'text', coalesce(m.new_body, m.body)) order by m.id)
           from (select * from message where conversation_id = c.id and kind = 'in' order by id desc limit 20) m) as messages
from elsewhere_account e join contact k on k.holder_id = e.account_id and k.state in ('active', 'wrap-up')
join seat s on s.contact_id = k.id and s.role = 'adviser'
join line l on l.id = k.line_id join conversation c on c.id = k.conversation_id join person p on p.id = c.person_id
where e.organisation_id = %(organisation_id)s and k.id > %(after)s order by k.id limit %(limit)s

-- name: known
-- These contacts, held against others' hands meanwhile: whether the organisation has them, and what it said before.
select k.id, k.line_id, k.holder_id, k.received_at, k.due_at, r.their_id, r.ending,
  coalesce(k.holder_id = e.account_id and k.state in ('active', 'wrap-up'), false) as theirs
from contact k left join elsewhere_account e on e.organisation_id = %(organisation_id)s
left join elsewhere_result r on r.contact_id = k.id and r.organisation_id = %(organisation_id)s
where k.id = any(%(ids)s) order by k.id for update of k

-- name: their_ids
select their_id, contact_id from elsewhere_result where organisation_id = %(organisation_id)s and their_id = any(%(ids)s)

-- name: keep
insert into elsewhere_result (contact_id, organisation_id, their_id, answered_at, seconds, ending, outcome, source, at)
values (%(contact_id)s, %(organisation_id)s, %(their_id)s, %(answered_at)s, %(seconds)s, %(ending)s, %(outcome)s, %(source)s, %(at)s)
on conflict (contact_id) do update set organisation_id = excluded.organisation_id, their_id = excluded.their_id,
  answered_at = excluded.answered_at, seconds = excluded.seconds, ending = excluded.ending, outcome = excluded.outcome,
  source = excluded.source, at = excluded.at
returning contact_id

-- name: correct
update elsewhere_result set their_id = %(their_id)s, answered_at = %(answered_at)s, seconds = %(seconds)s, outcome = %(outcome)s,
  source = %(source)s, at = %(at)s
where contact_id = %(contact_id)s and organisation_id = %(organisation_id)s
  and (their_id, answered_at, seconds, outcome) is distinct from (%(their_id)s, %(answered_at)s, %(seconds)s::real, %(outcome)s)
returning contact_id

-- name: correct_figures
update handling h set began_at = r.answered_at, ended_at = r.answered_at + make_interval(secs => r.seconds), seconds = r.seconds,
  in_target = case when h.in_target is null then null else r.answered_at <= k.due_at end
from elsewhere_result r join contact k on k.id = r.contact_id
join elsewhere_account e on e.organisation_id = r.organisation_id
where r.contact_id = %(contact_id)s and h.contact_id = r.contact_id and h.account_id = e.account_id returning h.contact_id

-- name: give_to_others
-- They gave it back, or it was taken back: it stays counted as one that they were given, but is not handed to them again. Where
-- nobody else may have it, the house may.
update allocation a set wider = '[]', first = x.those, may = case when a.may @> x.those then a.may else a.may || x.those end
from (select coalesce(nullif(array_remove(b.may, %(organisation_id)s), '{}'),
        array(select id from organisation where kind = 'in-house' order by id)) as those
      from allocation b where b.contact_id = %(contact_id)s) x
where a.contact_id = %(contact_id)s returning a.contact_id

-- name: holder
-- Whose platform an account stands for.
select organisation_id from elsewhere_account where account_id = %(account_id)s

-- name: make_token
insert into elsewhere_token (organisation_id, name, hash, by_id, at)
select id, %(name)s, %(hash)s, %(by_id)s, %(at)s from organisation where id = %(organisation_id)s returning id

-- name: revoke_token
update elsewhere_token set revoked_at = %(at)s where id = %(id)s and revoked_at is null returning id

-- name: token
update elsewhere_token set used_at = %(at)s where hash = %(hash)s and revoked_at is null returning organisation_id

-- name: tokens
select t.id, t.name, t.at, t.used_at, t.revoked_at, a.full_name as by_name, o.name as organisation
from elsewhere_token t join account a on a.id = t.by_id join organisation o on o.id = t.organisation_id
where %(organisation)s::bigint is null or t.organisation_id = %(organisation)s order by t.id desc

-- name: platforms
-- Of each organisation with such a contract: what it has, how old the oldest is, what came back today and when last.
select o.id, o.name, count(k.id) as held, min(s.since) as oldest,
  count(k.id) filter (where k.due_at < %(at)s) as late, count(k.id) filter (where s.since < %(overdue)s) as overdue,
  (select max(r.at) from elsewhere_result r where r.organisation_id = o.id) as last,
  (select count(*) from elsewhere_result r where r.organisation_id = o.id and r.at >= %(midnight)s) as today
from organisation o
left join elsewhere_account e on e.organisation_id = o.id
left join contact k on k.holder_id = e.account_id and k.state in ('active', 'wrap-up')
left join seat s on s.contact_id = k.id and s.role = 'adviser'
where exists (select from contract c where c.organisation_id = o.id and c.own_platform)
  and (%(organisation)s::bigint is null or o.id = %(organisation)s)
group by o.id, o.name order by o.name

-- name: overdue
-- What one of them has for too long, the oldest first, so that somebody asks for it or takes it back.
select k.id as contact, k.conversation_id, l.name as line, k.line_id, k.due_at, s.since as handed_over_at
from elsewhere_account e join contact k on k.holder_id = e.account_id and k.state in ('active', 'wrap-up')
join seat s on s.contact_id = k.id and s.role = 'adviser' join line l on l.id = k.line_id
where e.organisation_id = %(organisation_id)s and s.since < %(overdue)s order by s.since, k.id limit 100

-- name: overdue_lines
-- How many contacts of each line platforms have had for too long.
select k.line_id, count(*) as late
from elsewhere_account e join contact k on k.holder_id = e.account_id and k.state in ('active', 'wrap-up')
join seat s on s.contact_id = k.id and s.role = 'adviser'
where s.since < %(overdue)s group by 1

-- name: platform_names
select o.id, o.name from organisation o where exists (select from contract c where c.organisation_id = o.id and c.own_platform) order by 2
