-- What is counted of finished work (table handling), and who has read what (table reading).

-- name: news
-- What of the log after the cursor bears on handlings: contacts to read again, and matters that came back. The cursor is
-- where reading goes on; only what no running transaction can still precede is read.
with n as (
  select xid, id, kind, contact_id, conversation_id, at from event
  where (xid, id) > (%(xid)s::xid8, %(id)s) and xid < pg_snapshot_xmin(pg_current_snapshot())
  order by xid, id limit %(limit)s
), last as (select xid, id from n order by xid desc, id desc limit 1)
select last.xid::text as xid, last.id,
  array(select distinct contact_id from n where kind = any(%(ends)s) and contact_id is not null) as contacts,
  array(select conversation_id from n where kind = 'contact-received' and conversation_id is not null order by n.xid, n.id) as conversations,
  array(select at from n where kind = 'contact-received' and conversation_id is not null order by n.xid, n.id) as came_at
from last

-- name: contacts
select id, conversation_id, line_id, due_at from contact where id = any(%(ids)s) order by id

-- name: history
select contact_id, at, kind, v, data from event
where contact_id = any(%(ids)s) and kind = any(%(kinds)s) order by contact_id, id

-- name: forget
-- Parts that the log does not tell of (any more).
delete from handling h using unnest(%(ids)s::bigint[], %(counts)s::int[]) k(id, parts)
where h.contact_id = k.id and h.part > k.parts

-- name: keep
-- The subject counts for the line whose subject it is; the matter came back if another contact followed within seven days.
-- The organisation is the adviser's when the part was first counted: who changes sides takes no past along.
insert into handling (contact_id, part, conversation_id, organisation_id, account_id, line_id, subject_id, channel,
                      began_at, ended_at, ending, seconds, in_target, reopened)
select k.id, h.part, k.conversation_id, a.organisation_id, h.account_id, coalesce(l.id, k.line_id), j.id, k.channel,
       h.began_at, h.ended_at, h.ending, h.seconds, h.in_target,
       h.ending = 'closed' and exists (
         select 1 from contact o where o.conversation_id = k.conversation_id and o.id > k.id
           and o.received_at >= h.ended_at and o.received_at < h.ended_at + interval '7 days')
from unnest(%(contacts)s::bigint[], %(parts)s::smallint[], %(accounts)s::bigint[], %(lines)s::bigint[],
            %(began)s::timestamptz[], %(ended)s::timestamptz[], %(endings)s::text[], %(seconds)s::real[],
            %(in_target)s::boolean[])
     h(contact_id, part, account_id, line_id, began_at, ended_at, ending, seconds, in_target)
join contact k on k.id = h.contact_id
join account a on a.id = h.account_id
left join line l on l.id = h.line_id -- one that was deleted since: it counts for where the contact is now
left join subject j on j.id = k.subject_id and j.line_id = h.line_id
on conflict (contact_id, part) do update set
  organisation_id = case when handling.account_id = excluded.account_id then handling.organisation_id
                         else excluded.organisation_id end,
  account_id = excluded.account_id, conversation_id = excluded.conversation_id, line_id = excluded.line_id,
  subject_id = excluded.subject_id, channel = excluded.channel, began_at = excluded.began_at,
  ended_at = excluded.ended_at, ending = excluded.ending, seconds = excluded.seconds, in_target = excluded.in_target,
  reopened = excluded.reopened

-- name: came_back
update handling h set reopened = true
from unnest(%(conversations)s::bigint[], %(came_at)s::timestamptz[]) c(conversation_id, at)
where h.conversation_id = c.conversation_id and h.ended_at <= c.at and h.ended_at > c.at - interval '7 days'
  and h.ending = 'closed' and not h.reopened

-- name: cells
-- One row for each organisation, line, subject and channel that has work in the period. Times as logarithms: three sums
-- are all that their comparison needs (domain/figures/compare_times.py). `lines` null: all. `cuts`: where a contract
-- begins or ends in the period; `piece` says after how many of them.
select width_bucket(ended_at, %(cuts)s::timestamptz[]) as piece, organisation_id, line_id, subject_id, channel,
  count(*) filter (where ending <> 'left')::int as handled,
  count(*) filter (where ending = 'closed')::int as closed,
  count(*) filter (where ending = 'transferred')::int as transferred,
  count(*) filter (where reopened)::int as reopened,
  count(in_target)::int as answered,
  count(*) filter (where in_target)::int as in_target,
  count(seconds) filter (where ending <> 'left')::int as timed,
  coalesce(sum(seconds) filter (where ending <> 'left'), 0)::float8 as seconds,
  coalesce(sum(ln(greatest(seconds, 1)::float8)) filter (where ending <> 'left'), 0) as logs,
  coalesce(sum(ln(greatest(seconds, 1)::float8) ^ 2) filter (where ending <> 'left'), 0) as squares
from handling
where ended_at >= %(from_at)s and ended_at < %(to_at)s and (%(lines)s::bigint[] is null or line_id = any(%(lines)s))
group by 1, organisation_id, line_id, subject_id, channel

-- name: behind
-- The contacts behind a figure, newest first. `before_*` is the key of the last row of the page before.
select h.contact_id, h.part, h.conversation_id, h.line_id, l.name as line, j.name as subject, h.channel, h.ended_at,
       h.ending, h.seconds, h.in_target, h.reopened, a.full_name as adviser, c.line_id as now_line_id, k.holder_id, k.state
from handling h
join line l on l.id = h.line_id
join contact k on k.id = h.contact_id
join conversation c on c.id = k.conversation_id
join account a on a.id = h.account_id
left join subject j on j.id = h.subject_id
where h.ended_at >= %(from_at)s and h.ended_at < %(to_at)s and h.ending <> 'left'
  and (h.ended_at, h.contact_id, h.part)
      < (coalesce(%(before_at)s, 'infinity'::timestamptz), coalesce(%(before_contact)s, 9223372036854775807),
         coalesce(%(before_part)s, 32767))
  and coalesce(h.organisation_id, 0) = any(%(organisations)s)
  and (%(lines)s::bigint[] is null or h.line_id = any(%(lines)s))
  and (%(line_id)s::bigint is null or h.line_id = %(line_id)s)
  and (%(subject_id)s::bigint is null or coalesce(h.subject_id, 0) = %(subject_id)s)
  and case %(which)s when 'late' then h.in_target is false when 'answered' then h.in_target is not null
    when 'transferred' then h.ending = 'transferred'
    when 'closed' then h.ending = 'closed' when 'reopened' then h.reopened when 'timed' then h.seconds is not null
    else true end
order by h.ended_at desc, h.contact_id desc, h.part desc limit %(limit)s

-- name: contracts
select organisation_id, share, lines, channels, first_day, last_day, price_contact, price_minute, reference_visible,
  array(select id from line where to_jsonb(slug) <@ c.lines) as line_ids
from contract c order by organisation_id, first_day nulls first, id

-- name: organisations
select id, name, kind from organisation order by kind <> 'in-house', name

-- name: names
-- Lines and subjects by number, for the heads of rows.
select 'line' as what, id, name, null::bigint as parent_id from line
union all select 'subject', id, name, parent_id from subject

-- name: unread
-- Saved answers of my lines whose newest version I have not read, those that were changed last first.
select s.id, s.title, s.body, s.language, s.version, s.changed_at, l.name as line,
       (select max(r.version) from reading r where r.kind = 'answer' and r.thing_id = s.id and r.account_id = %(account_id)s) as read_version
from saved_answer s left join line l on l.id = s.line_id
where s.active and (s.line_id is null or s.line_id = any(%(lines)s))
  and not exists (select 1 from reading r where r.kind = 'answer' and r.thing_id = s.id
                  and r.account_id = %(account_id)s and r.version >= s.version)
order by s.changed_at desc, s.id desc limit %(limit)s

-- name: unread_count
select count(*)::int as n from saved_answer s
where s.active and (s.line_id is null or s.line_id = any(%(lines)s))
  and not exists (select 1 from reading r where r.kind = 'answer' and r.thing_id = s.id
                  and r.account_id = %(account_id)s and r.version >= s.version)

-- name: read
-- Only what one may see, and only the version that was shown.
insert into reading (kind, thing_id, version, account_id, at)
select 'answer', s.id, w.version, %(account_id)s, %(at)s
from unnest(%(ids)s::bigint[], %(versions)s::int[]) w(id, version)
join saved_answer s on s.id = w.id and w.version between 1 and s.version
where s.active and (s.line_id is null or s.line_id = any(%(lines)s))
on conflict do nothing

-- name: readers
-- Of each answer, by team: how many have it among theirs, and how many have read its newest version.
select s.id, s.title, s.version, s.changed_at, l.name as line, g.id as organisation_id, g.name as organisation,
       t.name as team, count(*)::int as people,
       count(*) filter (where r.account_id is not null)::int as readers
from saved_answer s
left join line l on l.id = s.line_id
join account a on a.is_active and a.role in ('adviser', 'supervisor') and exists (
  select 1 from adviser_line x where x.account_id = a.id and (s.line_id is null or x.line_id = s.line_id))
join organisation g on g.id = a.organisation_id and (%(organisations)s::bigint[] is null or g.id = any(%(organisations)s))
left join team t on t.id = a.team_id
left join reading r on r.kind = 'answer' and r.thing_id = s.id and r.account_id = a.id and r.version = s.version
where s.active and (%(answer_id)s::bigint is null or s.id = %(answer_id)s)
group by s.id, l.name, g.id, t.id order by s.title, s.id, g.kind <> 'in-house', g.name, t.name nulls last

-- name: not_readers
-- Who has not read its newest version, with the version they know.
select a.id, a.full_name as name, g.name as organisation, t.name as team,
       (select max(r.version) from reading r where r.kind = 'answer' and r.thing_id = s.id and r.account_id = a.id) as read_version
from saved_answer s
join account a on a.is_active and a.role in ('adviser', 'supervisor') and exists (
  select 1 from adviser_line x where x.account_id = a.id and (s.line_id is null or x.line_id = s.line_id))
join organisation g on g.id = a.organisation_id and (%(organisations)s::bigint[] is null or g.id = any(%(organisations)s))
left join team t on t.id = a.team_id
where s.id = %(answer_id)s and s.active and not exists (
  select 1 from reading r where r.kind = 'answer' and r.thing_id = s.id and r.account_id = a.id and r.version = s.version)
order by g.kind <> 'in-house', g.name, t.name nulls last, a.full_name limit 1000
