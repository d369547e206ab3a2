-- Search over everything. Two steps on purpose: the words become a query first, so that the planner sees it as a
-- constant and knows whether a word is rare (then the GIN index) or common (then backwards by id, stopping early).
-- Only a window of the newest hits is looked at, filtered and ranked; older ones are the next window.

-- name: hits
with window_ as materialized (
  select m.id, m.conversation_id, m.search from message m
  where m.search @@ %(query)s::tsquery and m.id < %(before)s
  order by m.id desc limit %(window)s
), ranked as materialized (
  select distinct on (conversation_id) conversation_id, id, ts_rank(search, %(query)s::tsquery) as rank
  from window_ order by conversation_id, rank desc, id desc
), best as materialized (
  select distinct on (c.id) w.id, w.rank, c.id as conversation_id, c.line_id, c.person_id, c.subject, c.last_at
  from ranked w
  join conversation o on o.id = w.conversation_id
  join conversation c on c.id = coalesce(o.merged_into, o.id)
  where c.line_id = any(%(lines)s)
    and (%(phrases)s::text[] is null or (select plain(concat_ws(' ', m.subject, m.sender_name, m.sender, m.recipients::text,
         coalesce(m.new_body, m.body))) from message m where m.id = w.id) ~ all(%(phrases)s))
    and (%(states)s::text[] is null or (select state from contact where conversation_id = c.id order by id desc limit 1)
         = any(%(states)s))
    and (%(from_at)s::timestamptz is null or c.last_at >= %(from_at)s)
    and (%(to_at)s::timestamptz is null or c.last_at < %(to_at)s)
    and (%(adviser)s::bigint is null or c.last_adviser_id = %(adviser)s
         or (select holder_id from contact where conversation_id = c.id order by id desc limit 1) = %(adviser)s)
    and (%(motif)s::bigint is null or c.subject_id = %(motif)s)
  order by c.id, w.rank desc, w.id desc
), shown as (
  select * from best order by rank desc, id desc offset %(offset)s limit %(limit)s
)
select s.id as message_id, s.conversation_id, s.line_id, l.name as line, s.subject, s.last_at, k.state, s.rank,
       coalesce(nullif(p.name, ''), m.sender) as who,
       ts_headline('portevoix', left(coalesce(m.new_body, m.body), 6000), %(query)s::tsquery, %(headline)s) as snippet,
       ts_headline('portevoix', s.subject, %(query)s::tsquery, %(whole)s) as subject_marked,
       (select count(*) from best) as found, (select min(id) from window_) as oldest,
       (select count(*) from window_) as looked_at
from shown s
join message m on m.id = s.id
join line l on l.id = s.line_id
join person p on p.id = s.person_id
left join lateral (select state from contact where conversation_id = s.conversation_id order by id desc limit 1) k on true
order by s.rank desc, s.id desc

-- name: window
-- Where a window without any visible hit ends, so that the search can go on behind it.
select min(id) as oldest, count(*) as looked_at from (
  select m.id from message m where m.search @@ %(query)s::tsquery and m.id < %(before)s
  order by m.id desc limit %(window)s) w

-- name: newest
select coalesce(max(id), 0) + 1 as before from message

-- name: filtered
-- Without words: the last moved first within the filters. Only a window of the lines' newest conversations is looked at;
-- `oldest_at` and `oldest_id` are where the next one begins when this one was full.
with window_ as materialized (
  select c.* from unnest(%(lines)s::bigint[]) w(line_id)
  cross join lateral (
    select id, last_at, line_id, person_id, subject, subject_id, last_adviser_id from conversation
    where line_id = w.line_id and merged_into is null
      and last_at <= coalesce(%(before_at)s, 'infinity'::timestamptz)
      and (last_at, id) < (coalesce(%(before_at)s, 'infinity'::timestamptz), coalesce(%(before_id)s, 9223372036854775807))
    order by last_at desc, id desc limit %(window)s
  ) c
  order by c.last_at desc, c.id desc limit %(window)s
), edge as (
  select count(*) as looked_at, (array_agg(id order by last_at, id))[1] as oldest_id, min(last_at) as oldest_at from window_
), shown as (
  select c.id as conversation_id, c.line_id, c.subject, c.last_at, c.person_id, k.state
  from window_ c
  left join lateral (select state, holder_id from contact where conversation_id = c.id order by id desc limit 1) k on true
  where (%(states)s::text[] is null or k.state = any(%(states)s))
    and (%(from_at)s::timestamptz is null or c.last_at >= %(from_at)s)
    and (%(to_at)s::timestamptz is null or c.last_at < %(to_at)s)
    and (%(adviser)s::bigint is null or k.holder_id = %(adviser)s or c.last_adviser_id = %(adviser)s)
    and (%(motif)s::bigint is null or c.subject_id = %(motif)s)
  order by c.last_at desc, c.id desc limit %(limit)s
)
select s.*, l.name as line, coalesce(nullif(p.name, ''), '') as who, e.looked_at, e.oldest_at, e.oldest_id
from edge e
left join shown s on true
left join person p on p.id = s.person_id
left join line l on l.id = s.line_id
order by s.last_at desc, s.conversation_id desc

-- name: any
-- Materialised, so that it is planned as a whole: asked for one row alone, the planner reads the table in the hope of
-- meeting one soon, which takes seconds for a word that nobody wrote. It still stops at the first.
with met as materialized (select 1 from message where search @@ %(query)s::tsquery)
select exists(select 1 from met) as yes

-- name: near
-- Words met in messages that look like the one nobody wrote.
select word from vocabulary where word %% %(word)s and word <> %(word)s
order by similarity(word, %(word)s) desc, seen desc, word limit 3

-- name: persons
-- The longest word goes through the trigram index, the others only narrow.
select p.id, p.name, (select value from address where person_id = p.id order by id limit 1) as address
from person p
where p.merged_into is null and p.id in (
    (select id from person where merged_into is null and plain(name) like %(longest)s limit 300)
    union (select person_id from address where value like %(longest)s limit 300))
  and (select bool_and(plain(p.name) like x or exists(select 1 from address a where a.person_id = p.id and a.value like x))
       from unnest(%(patterns)s::text[]) x)
  and exists(select 1 from conversation c where c.person_id = p.id and c.line_id = any(%(lines)s))
order by p.id desc limit 6

-- name: texts
select id, concat_ws(' ', subject, sender_name, left(coalesce(new_body, body), 20000)) as text
from message where id > %(after)s and kind in ('in', 'out', 'note') order by id limit %(limit)s

-- name: add_words
-- In the order of the words, so that two processes never wait in a circle.
insert into vocabulary (word, seen)
select w, n from unnest(%(words)s::text[], %(counts)s::int[]) as x(w, n) order by w
on conflict (word) do update set seen = vocabulary.seen + excluded.seen
