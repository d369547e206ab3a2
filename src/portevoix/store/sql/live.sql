-- name: beat
insert into heartbeat (process, host, pid, at, detail) values (%(process)s, %(host)s, %(pid)s, now(), %(detail)s)
on conflict (process, host, pid) do update set at = excluded.at, detail = excluded.detail

-- name: forget_beats
delete from heartbeat where at < now() - interval '1 day' or (process = %(process)s and host = %(host)s and pid <> %(pid)s
  and at < now() - interval '1 minute')

-- name: presence
select account_id, state, reason, cause, since, idle_since, seen_at, ends_at from presence where account_id = %(account_id)s

-- name: hold_presence
-- One change of somebody's presence after the other.
select account_id, state, reason, cause, since, ends_at from presence where account_id = %(account_id)s for update

-- name: set_presence
insert into presence (account_id, state, reason, cause, since, idle_since, seen_at, ends_at)
values (%(account_id)s, %(state)s, %(reason)s, %(cause)s, %(at)s, %(at)s, %(at)s, %(ends_at)s)
on conflict (account_id) do update set state = excluded.state, reason = excluded.reason, cause = excluded.cause,
  ends_at = excluded.ends_at,
  since = excluded.since, seen_at = case when excluded.cause = 'vanished' then presence.seen_at else excluded.seen_at end,
  idle_since = case when presence.state <> 'available' and excluded.state = 'available'
                    then excluded.idle_since else presence.idle_since end
returning account_id, state, reason, since

-- name: end_span
update presence_span set ended_at = greatest(began_at, %(at)s) where account_id = %(account_id)s and ended_at is null

-- name: begin_span
insert into presence_span (account_id, state, reason, cause, by_id, began_at)
values (%(account_id)s, %(state)s, %(reason)s, %(cause)s, %(by_id)s, %(at)s)

-- name: seen
update presence set seen_at = %(at)s where account_id = %(account_id)s returning state

-- name: seen_many
-- Whose pages answered the live process; a sign that came over the ordinary page meanwhile may be newer.
update presence set seen_at = %(at)s where account_id = any(%(accounts)s) and seen_at < %(at)s

-- name: vanished
-- Whose browser has not been heard of: their work must not wait for them.
select account_id, state from presence where state in ('available', 'paused', 'wrap-up')
  and (seen_at < %(before)s or (account_id = any(%(silent)s::bigint[]) and seen_at < %(lately)s)) order by account_id

-- name: pause_reasons
select id, name, name_en, worked, active from pause_reason order by position, name

-- name: works_from
select works_from from account where id = %(account_id)s

-- name: work_from
update account set works_from = %(works_from)s where id = %(account_id)s and works_from <> %(works_from)s

-- name: wraps_up
-- How long this person has after the contact that just ended: nothing beside other work in their hands.
select l.wrap_up_seconds as seconds from line l join presence p on p.account_id = %(account_id)s
where l.id = %(line_id)s and l.wrap_up_seconds > 0 and p.state = 'available'
  and not exists (select from contact k where k.holder_id = p.account_id and k.state in ('active', 'wrap-up'))

-- name: wrapped_up
select account_id from presence where ends_at <= %(at)s order by account_id

-- name: line_times
select id, slug, time_zone, holiday_region, target_minutes, preferred_seconds, active,
  urgency_weight, urgency_minutes, reserve_people, relaxations,
  exists(select from line_pause p where p.line_id = line.id and (p.until is null or p.until > now())) as paused
from line

-- name: line_hours
select line_id, season_id, weekday, opens, closes from line_hours order by line_id, weekday, opens

-- name: line_seasons
select id, line_id, first_day, last_day from line_season order by first_day, id

-- name: line_exceptions
select line_id, day, opens, closes from line_exception order by day

-- name: doors
select d.id, d.line_id, lower(d.address) as address, d.reply_token, l.slug, l.active
from door d join line l on l.id = d.line_id where d.active and d.kind = 'mail'

-- name: mailboxes
-- Doors whose mail stays with a provider and is fetched from there.
select id, line_id, lower(address) as address, imap_host, imap_port, imap_tls, imap_user, imap_secret, imap_folder,
  imap_after, imap_move_to, imap_since
from door where active and kind = 'mail' and imap_host <> ''

-- name: advisers
-- Everybody who can be offered work, with what they know and hold.
select a.id, a.mail_capacity, a.mails_block_calls, coalesce(a.organisation_id, 0) as organisation_id,
  p.state, p.reason, p.idle_since, p.since,
  array(select al.line_id from adviser_line al where al.account_id = a.id order by 1) as lines,
  array(select json_build_array(s.skill_id, s.level) from skill_held s where s.account_id = a.id) as skills,
  array(select json_build_array(k.id, k.channel, k.state) from contact k
        where k.holder_id = a.id and k.state in ('active', 'wrap-up')) as held,
  array(select json_build_array(s.contact_id, k.channel) from seat s join contact k on k.id = s.contact_id
        where s.account_id = a.id and s.state = 'offered') as offered
from account a left join presence p on p.account_id = a.id
where a.is_active

-- name: advisers_of
-- These of them. A statement of its own, as below: one with "null or any of these" reads the whole table each time.
select a.id, a.mail_capacity, a.mails_block_calls, coalesce(a.organisation_id, 0) as organisation_id,
  p.state, p.reason, p.idle_since, p.since,
  array(select al.line_id from adviser_line al where al.account_id = a.id order by 1) as lines,
  array(select json_build_array(s.skill_id, s.level) from skill_held s where s.account_id = a.id) as skills,
  array(select json_build_array(k.id, k.channel, k.state) from contact k
        where k.holder_id = a.id and k.state in ('active', 'wrap-up')) as held,
  array(select json_build_array(s.contact_id, k.channel) from seat s join contact k on k.id = s.contact_id
        where s.account_id = a.id and s.state = 'offered') as offered
from account a left join presence p on p.account_id = a.id
where a.is_active and a.id = any(%(only)s::bigint[])

-- name: waiting
select k.id, k.line_id, k.channel, k.waiting_since, k.received_at, k.due_at, k.preferred_id, k.preferred_until,
  k.preferred_only, k.declined, l.data_class,
  a.line_id as allotted_line, a.first as allotted_first, a.wider as allotted_wider
from contact k join line l on l.id = k.line_id left join allocation a on a.contact_id = k.id
where k.state = 'waiting' and k.id > %(after)s
order by k.id limit %(limit)s

-- name: waiting_of
select k.id, k.line_id, k.channel, k.waiting_since, k.received_at, k.due_at, k.preferred_id, k.preferred_until,
  k.preferred_only, k.declined, l.data_class,
  a.line_id as allotted_line, a.first as allotted_first, a.wider as allotted_wider
from contact k join line l on l.id = k.line_id left join allocation a on a.contact_id = k.id
where k.state = 'waiting' and k.id = any(%(only)s::bigint[])

-- name: line_skills
select line_id, skill_id, min_level from line_skill

-- name: lead
-- One router at a time: who holds this lock on this connection.
select pg_try_advisory_lock(7037770001) as held

-- name: left_behind
-- Who holds or is offered work and is not here: their account is closed, or their browser has gone. Promise 5.
select distinct h.account_id
from (select holder_id as account_id from contact where state in ('active', 'wrap-up')
      union select account_id from seat) h
join account a on a.id = h.account_id
left join presence p on p.account_id = h.account_id
where not a.is_active or (coalesce(p.state, 'offline') in ('offline', 'away') and p.seen_at < %(before)s)
order by 1
