-- Whose contact it is, decided once when it begins to wait (domain/allocation). Rebuilt from nothing else: the router reads
-- from here what each organisation had and is owed.
create table allocation (
  contact_id      bigint primary key references contact,
  line_id         bigint not null references line,
  channel         text not null,
  day             date not null,
  organisation_id bigint references organisation, -- null: nobody could take it, all of `may` were waited for
  first           bigint[] not null,              -- whose people are asked at first
  wider           jsonb not null default '[]',    -- [[seconds, [organisations]], ...]
  may             bigint[] not null,              -- who may ever know of it
  why             jsonb not null default '[]',    -- [{"organisation", "code", "share", "had", "owed"}]
  at              timestamptz not null
);
create index allocation_day on allocation (day, organisation_id);
