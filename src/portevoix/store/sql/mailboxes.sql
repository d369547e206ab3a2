-- What was taken of mailboxes that do not remember it themselves.

-- name: taken
select uid, likeness from mailbox_taken where door_id = %(door_id)s and place = %(place)s

-- name: take
insert into mailbox_taken (door_id, place, uid, likeness)
select %(door_id)s, %(place)s, t.uid, t.likeness from unnest(%(uids)s::bigint[], %(likenesses)s::bigint[]) as t(uid, likeness)
on conflict (door_id, place, uid) do update set likeness = excluded.likeness

-- name: forget
-- Mails that are gone, and places that are no more: their UIDs mean nothing now.
delete from mailbox_taken where door_id = %(door_id)s and (place <> %(place)s or uid = any(%(uids)s::bigint[]))
