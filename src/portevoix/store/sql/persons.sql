-- name: lock
select id, name, note, merged_into, version from person where id = any(%(ids)s::bigint[]) order by id for update

-- name: become
-- Also those that had become the one that goes now: every merged person names the one that stands for it.
update person set merged_into = %(to_id)s, version = version + 1 where id = %(from_id)s or merged_into = %(from_id)s

-- name: move_addresses
update address set person_id = %(to_id)s where person_id = %(from_id)s

-- name: move_conversations
update conversation set origin_id = coalesce(origin_id, person_id), person_id = %(to_id)s, version = version + 1
where person_id = %(from_id)s

-- name: name_if_empty
update person set name = %(name)s, version = version + 1 where id = %(id)s and btrim(name) = ''

-- name: stand_alone
update person set merged_into = null, version = version + 1 where id = %(id)s and merged_into = %(from_id)s returning id

-- name: return_addresses
update address set person_id = %(to_id)s where person_id = %(from_id)s and origin_id = %(to_id)s

-- name: return_conversations
-- Those that came with the person, and those opened since by somebody who wrote from an address of theirs.
update conversation c set person_id = %(to_id)s, origin_id = null, version = version + 1
where c.person_id = %(from_id)s and (
  c.origin_id = %(to_id)s
  or c.origin_id is null and exists (
    select 1 from message m join address a on a.kind = 'mail' and a.value = m.sender
    where a.origin_id = %(to_id)s
      and m.id = (select min(f.id) from message f where f.conversation_id = c.id and f.kind in ('in', 'automatic'))))

-- name: change
update person set name = coalesce(%(name)s, name), note = coalesce(%(note)s, note), version = version + 1
where id = %(id)s returning id

-- name: add_address
insert into address (kind, value, person_id, origin_id) values (%(kind)s, %(value)s, %(person_id)s, %(person_id)s)
on conflict (kind, value) do nothing
returning id

-- name: address
select a.id, coalesce(p.merged_into, p.id) as person_id from address a join person p on p.id = a.person_id
where a.kind = %(kind)s and a.value = %(value)s
