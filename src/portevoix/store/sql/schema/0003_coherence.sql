-- What is counted of finished work, and who has read which version of what everybody should know.

-- A contact in the hands of one adviser until it left them (domain/figures/compare_handled.py). Made from the log by the
-- timers, always anew for a whole contact: it can be emptied and read again (the organisations are then today's).
create table handling (
  contact_id      bigint not null references contact,
  part            smallint not null,             -- 1 for the first who had it
  conversation_id bigint not null,
  organisation_id bigint references organisation, -- the adviser's at that time
  account_id      bigint not null references account,
  line_id         bigint not null references line,
  subject_id      bigint references subject on delete set null,
  channel         text not null,
  began_at        timestamptz not null,
  ended_at        timestamptz not null,
  ending          text not null check (ending in ('closed', 'transferred', 'left')),
  seconds         real,                          -- in hands; null: never held
  in_target       boolean,                       -- null: the client had their answer in another part
  reopened        boolean not null default false, -- the matter came back within seven days
  primary key (contact_id, part)
);
-- A period of it, newest first, and a list of what stands behind a figure.
create index handling_ended on handling (ended_at, contact_id, part);
-- A mail that comes back finds what was closed before.
create index handling_conversation on handling (conversation_id, ended_at);

-- A saved answer (an article, later) in the version that somebody has read.
create table reading (
  kind       text not null check (kind in ('answer', 'article')),
  thing_id   bigint not null,
  version    integer not null,
  account_id bigint not null references account on delete cascade,
  at         timestamptz not null,
  primary key (kind, thing_id, account_id, version)
);
create index reading_account on reading (account_id, kind, thing_id);

-- A new version is what a reader would notice: another text or title. Whoever saves (a page, a file, an undone change)
-- goes through here, and an old copy saved again does not turn the count back.
create function answer_version() returns trigger language plpgsql as $$
begin
  new.version := old.version;
  new.changed_at := old.changed_at;
  if (new.title, new.body) is distinct from (old.title, old.body) then
    new.version := old.version + 1;
    new.changed_at := clock_timestamp();
  end if;
  return new;
end $$;
create trigger answer_version before update on saved_answer for each row execute function answer_version();
