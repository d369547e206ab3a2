-- name: contracts
select c.organisation_id, c.share, c.lines, c.channels, c.first_day, c.last_day, c.hours, c.day_least, c.day_most,
  c.week_least, c.week_most, c.ramp, c.knows, c.lends_after, c.helps_after, c.own_platform, o.kind = 'in-house' as in_house
from contract c join organisation o on o.id = c.organisation_id order by c.organisation_id, c.id

-- name: taken
-- What each organisation had this week and today, over all it was given.
select organisation_id, count(*) filter (where day = %(day)s) as day, count(*) as week
from allocation where day between %(monday)s and %(day)s and organisation_id is not null group by organisation_id

-- name: owed
-- What each organisation is owed today in each pool: its part of every contact it could have taken, less what it had.
select a.line_id, a.channel, (w->>'organisation')::bigint as organisation_id, sum((w->>'share')::float8) as owed,
  count(*) filter (where a.organisation_id = (w->>'organisation')::bigint) as had
from allocation a cross join jsonb_array_elements(a.why) w
where a.day = %(day)s and w->>'code' in ('owed-most', 'owed-less', 'least')
group by 1, 2, 3

-- name: keep
-- The decision for each contact; a contact that changed its line is decided anew.
insert into allocation (contact_id, line_id, channel, day, organisation_id, first, wider, may, why, at)
select x.contact_id, x.line_id, x.channel, %(day)s, x.organisation_id,
  array(select jsonb_array_elements_text(x.first)::bigint), x.wider,
  array(select jsonb_array_elements_text(x.may)::bigint), x.why, %(at)s
from jsonb_to_recordset(%(rows)s) as x(contact_id bigint, line_id bigint, channel text, organisation_id bigint,
  first jsonb, wider jsonb, may jsonb, why jsonb)
on conflict (contact_id) do update set line_id = excluded.line_id, channel = excluded.channel, day = excluded.day,
  organisation_id = excluded.organisation_id, first = excluded.first, wider = excluded.wider, may = excluded.may,
  why = excluded.why, at = excluded.at

-- name: of_contact
select a.organisation_id, a.first, a.wider, a.may, a.why, a.at, a.line_id
from allocation a where a.contact_id = %(contact_id)s

-- name: organisations
select id, name from organisation
