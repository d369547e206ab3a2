-- Search over everything: the newest messages first, a span of ids at a time, so that a word costs what is shown of it
-- and not what three years hold of it. The index knows blocks of ids beside the words, so a common word's list is entered
-- where the span lies; store/spans.py widens the spans until there is enough to show.

-- name: hits
-- Hits in a span [floor, before), newest first, each with its visible conversation; the first row also says how many hits were
-- looked at and where the last of them lies. `id + 0`: the planner must not walk the primary key instead.
with newest as materialized (
  select m.id, m.conversation_id, m.search from message m
  where m.search @@ %(query)s::tsquery
    and (%(blocks)s::bigint[] is null or array[m.id >> 12, ~(m.id >> 17)] && %(blocks)s::bigint[])
    and m.id + 0 >= %(floor)s and m.id + 0 < %(before)s
  order by m.id + 0 desc limit %(look)s
), seen as materialized (
  select h.id, c.id as conversation_id, h.search
  from newest h
  join conversation o on o.id = h.conversation_id
  cross join lateral (
    select o.id, o.line_id, o.last_at, o.subject_id, o.last_adviser_id where o.merged_into is null
    union all select id, line_id, last_at, subject_id, last_adviser_id from conversation where id = o.merged_into
  ) c
  where c.line_id = any(%(lines)s)
    and (%(from_at)s::timestamptz is null or c.last_at >= %(from_at)s)
    and (%(to_at)s::timestamptz is null or c.last_at < %(to_at)s)
    and (%(motif)s::bigint is null or c.subject_id = %(motif)s)
    and (%(states)s::text[] is null or (select state from contact where conversation_id = c.id order by id desc limit 1)
         = any(%(states)s))
    and (%(adviser)s::bigint is null or c.last_adviser_id = %(adviser)s
         or (select holder_id from contact where conversation_id = c.id order by id desc limit 1) = %(adviser)s)
  order by h.id desc limit %(window)s
)
select s.id, s.conversation_id, ts_rank(s.search, %(query)s::tsquery) as rank, e.looked_at, e.oldest
from (select count(*) as looked_at, min(id) as oldest from newest) e
left join seen s on true
order by s.id desc

-- name: again
-- Which of these conversations already had a hit in a newer window of the same search.
select m.id, r.root as conversation_id
from (
  select c as id, c as root from unnest(%(ids)s::bigint[]) c
  union all select id, merged_into from conversation where merged_into = any(%(ids)s)
) r
join message m on m.conversation_id = r.id
where m.id >= %(before)s and m.id < %(top)s and m.search @@ %(query)s::tsquery

-- name: said
-- The texts in which the words of a phrase may stand; as much of them as the index holds.
select m.id, left(concat_ws(' ', m.subject, m.sender_name, m.sender, m.recipients::text, coalesce(m.new_body, m.body)), 210000)
  as text
from message m where m.id = any(%(ids)s)

-- name: shown
select m.id as message_id, c.id as conversation_id, c.line_id, l.name as line, c.subject, c.last_at, k.state,
       coalesce(nullif(p.name, ''), m.sender) as who, left(coalesce(m.new_body, m.body), 6000) as text
from unnest(%(ids)s::bigint[], %(conversations)s::bigint[]) with ordinality as x(id, conversation_id, place)
join message m on m.id = x.id
join conversation c on c.id = x.conversation_id and c.line_id = any(%(lines)s)
join line l on l.id = c.line_id
join person p on p.id = c.person_id
left join lateral (select state from contact where conversation_id = c.id order by id desc limit 1) k on true
order by x.place

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

-- name: met
select 1 as yes from vocabulary where word = %(word)s

-- name: near
-- Words met in messages that look like the one nobody wrote.
select word from vocabulary where word %% %(word)s and word <> %(word)s
order by similarity(word, %(word)s) desc, seen desc, word limit 3

-- name: persons
-- The three longest words go through the trigram indexes, all of them narrow. The newest six of at most so many
-- candidates: nobody reads further, one adds a word.
with candidate as materialized (
  (select id from person where merged_into is null
     and plain(name) like %(first)s and plain(name) like %(second)s and plain(name) like %(third)s limit 300)
  union (select person_id from address
     where value like %(first)s and value like %(second)s and value like %(third)s limit 300)
)
select p.id, p.name, (select value from address where person_id = p.id order by id limit 1) as address
from (select id from candidate order by id desc) k
cross join lateral (
  select id, name from person x
  where x.id = k.id and x.merged_into is null
    and (select bool_and(plain(x.name) like w or exists(select 1 from address a where a.person_id = x.id and a.value like w))
         from unnest(%(patterns)s::text[]) w)
    and exists(select 1 from conversation c where c.person_id = x.id and c.line_id = any(%(lines)s))
) p
order by k.id desc limit 6

-- name: texts
select id, concat_ws(' ', subject, sender_name, left(coalesce(new_body, body), 20000)) as text
from message where id > %(after)s and kind in ('in', 'out', 'note') order by id limit %(limit)s

-- name: add_words
-- In the order of the words, so that two processes never wait in a circle.
insert into vocabulary (word, seen)
select w, n from unnest(%(words)s::text[], %(counts)s::int[]) as x(w, n) order by w
on conflict (word) do update set seen = vocabulary.seen + excluded.seen
