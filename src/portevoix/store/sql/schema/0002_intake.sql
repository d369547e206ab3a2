-- What intake must know of a batch of mails, in one round trip (store/intake.py). A function, because three things must
-- happen one after the other and each must see what was committed before it: wait for whoever takes in the same matter,
-- hold the conversations the batch may join, look. Statements of a volatile function see anew each time.

create function intake_look(
  keys bigint[],       -- advisory locks, sorted: nobody waits in a circle
  many integer,        -- fresh ids wanted of each kind
  doors bigint[], sources text[],  -- idempotency keys, side by side
  ids text[],          -- Message-IDs of the batch and those it refers to
  own_ids text[],      -- of the batch alone
  addresses text[],    -- senders
  bounced bigint[],    -- messages of ours that delivery reports speak of
  tokens bigint[]      -- conversations named by our signed tokens
) returns json language plpgsql volatile
  -- Everything here is found by an index, whatever the planner thinks of a table that was empty a minute ago: left to
  -- itself it reads all open contacts for one answer until the first ANALYZE. And no planning anew for each batch.
  set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off
  set enable_hashjoin = off set enable_mergejoin = off set enable_material = off
as $$
declare
  needed bigint[] := '{}';
  open constant text[] := '{received,waiting,offered,active,parked,wrap-up}';
begin
  -- Everybody who takes in the same mail, an answer to it, or a mail of the same sender goes one after the other:
  -- whoever is second sees what the first committed.
  perform pg_advisory_xact_lock(key) from unnest(keys) key;

  -- The conversations the batch may join, and their open contacts, stay as they are until it is committed: nobody
  -- closes a contact while a mail joins it. Again when one was merged into another before we held it.
  loop
    needed := array(
      select coalesce(c.merged_into, c.id) from (
        select m.conversation_id as id from message m where m.external_id = any(ids)
        union all select a.conversation_id from awaited_parent a where a.external_id = any(own_ids)
        union all select m.conversation_id from message m where m.id = any(bounced) and m.kind in ('out', 'automatic')
        union all select unnest(tokens)
      ) x join conversation c on c.id = x.id);
    exit when needed = '{}';
    perform from conversation where id = any(needed) order by id for update;
    exit when not exists(select from conversation where id = any(needed) and merged_into is not null);
  end loop;
  if needed <> '{}' then
    perform from contact where conversation_id = any(needed) and state = any(open) order by id for update;
  end if;

  return json_build_object(
    'fresh', (select json_agg(x) from (
      select nextval('message_id_seq') as message_id, nextval('conversation_id_seq') as conversation_id,
             nextval('contact_id_seq') as contact_id, nextval('person_id_seq') as person_id
      from generate_series(1, many)) x),
    -- Copies of the same mail at the same door.
    'sources', (select json_agg(x) from (
      select m.door_id, m.source_id, encode(m.digest, 'hex') as digest, m.id, m.conversation_id, m.contact_id
      from unnest(doors, sources) as k(door_id, source_id)
      join message m on m.door_id = k.door_id and m.source_id = k.source_id) x),
    'persons', (select json_agg(x) from (
      select a.value, coalesce(p.merged_into, p.id) as person_id, p.name
      from address a join person p on p.id = a.person_id
      where a.kind = 'mail' and a.value = any(addresses)) x),
    'joined', case when needed <> '{}' then intake_joined(needed, ids, own_ids, bounced) end);
end $$;

-- The same for what a batch joins: only answers and reports pay for it.
create function intake_joined(needed bigint[], ids text[], own_ids text[], bounced bigint[])
returns json language plpgsql stable as $$  -- called with the settings of intake_look
begin
  return json_build_object(
    -- Parents, and copies at another door.
    'known', (select json_agg(x) from (
      select m.external_id, encode(m.digest, 'hex') as digest, m.id as message_id,
             coalesce(c.merged_into, c.id) as conversation_id
      from message m join conversation c on c.id = m.conversation_id
      where m.external_id = any(ids)) x),
    -- Conversations that refer to a mail which is only arriving now.
    'awaiting', (select json_agg(x) from (
      select a.external_id, coalesce(c.merged_into, c.id) as conversation_id
      from awaited_parent a join conversation c on c.id = a.conversation_id
      where a.external_id = any(own_ids) order by a.conversation_id) x),
    'bounced', (select json_agg(x) from (
      select m.id, coalesce(c.merged_into, c.id) as conversation_id, m.contact_id, m.recipients, c.line_id
      from message m join conversation c on c.id = m.conversation_id
      where m.id = any(bounced) and m.kind in ('out', 'automatic')) x),
    -- With the open contact (if any) and who takes part: the person's addresses, who wrote, whom we or they wrote to.
    -- "is true" keeps the planner from the index on the kind, which is the same for nearly all.
    'conversations', (select json_agg(x) from (
      select c.id, c.line_id, c.person_id, c.last_adviser_id, k.id as contact_id, k.state, k.holder_id,
        array(select w.id from conversation w where w.merged_into = c.id) as former,
        array(select a.value from address a where a.person_id = c.person_id and (a.kind = 'mail') is true)
          || array(select a.value from person p join address a on a.person_id = p.id
                   where p.merged_into = c.person_id and (a.kind = 'mail') is true) as addresses,
        (select json_agg(json_build_array(case when m.kind = 'in' then m.sender end, m.recipients)) from message m
         where m.conversation_id = c.id and m.kind in ('in', 'out') and not m.facts ? 'stranger') as written
      from conversation c
      -- lateral: an index look-up for each, whatever the planner thinks; it read all open contacts otherwise.
      left join lateral (
        select k.id, k.state, k.holder_id from contact k
        where k.conversation_id = c.id
          and k.state in ('received','waiting','offered','active','parked','wrap-up') limit 1) k on true
      where c.id = any(needed)) x),
    'doors', (select json_agg(lower(address)) from door where kind = 'mail'));
end $$;
