-- The live tables: everything a client was told "received", and what became of it.
-- Written only by the named queries of store/sql, called from actions/. Configuration tables
-- (line, door, account, ...) are Django's; the foreign keys towards them stand here.
-- Names are the glossary's (docs/glossary.md).

create extension if not exists unaccent;
create extension if not exists pg_trgm;

-- French full text without accents: "élèves" finds "eleve". `unaccent` runs before the stemmer.
create text search configuration portevoix (copy = pg_catalog.french);
alter text search configuration portevoix
  alter mapping for hword, hword_part, word with unaccent, french_stem;

-- unaccent() is only STABLE; an index needs an IMMUTABLE one. The dictionary is fixed by name.
create function plain(text) returns text language sql immutable strict parallel safe
  as $$ select lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$;

create table person (
  id          bigint generated always as identity primary key,
  name        text not null default '',
  language    text not null default 'fr',
  note        text not null default '',
  merged_into bigint references person,          -- null: stands for itself
  created_at  timestamptz not null,
  version     integer not null default 1,
  check (merged_into is distinct from id)
);
create index person_name_trgm on person using gin (plain(name) gin_trgm_ops) where merged_into is null;
create index person_merged on person (merged_into) where merged_into is not null;

create table address (
  id         bigint generated always as identity primary key,
  kind       text not null check (kind in ('mail', 'phone', 'page')),
  value      text not null,                       -- normalised: mail in lower case
  person_id  bigint not null references person,
  origin_id  bigint not null references person,   -- the person it came with: an un-merge gives it back
  bounced_at timestamptz,
  bounce     text not null default '',
  unique (kind, value)
);
create index address_person on address (person_id);
create index address_value_trgm on address using gin (value gin_trgm_ops);

create table conversation (
  id              bigint generated always as identity primary key,
  line_id         bigint not null references line,
  person_id       bigint not null references person,
  subject         text not null default '',
  opened_at       timestamptz not null,
  last_at         timestamptz not null,
  last_adviser_id bigint references account,
  subject_id      bigint references subject,      -- motif
  merged_into     bigint references conversation,
  twin_of         bigint references conversation, -- the same mail sent to several lines
  version         integer not null default 1,
  check (merged_into is distinct from id)
);
create index conversation_person on conversation (person_id, last_at desc);
create index conversation_line on conversation (line_id, last_at desc) where merged_into is null;

create table contact (
  id                bigint generated always as identity primary key,
  conversation_id   bigint not null references conversation,
  line_id           bigint not null references line,
  channel           text not null,                -- mail, phone, chat, ...
  state             text not null check (state in
                      ('received','waiting','offered','active','parked','wrap-up','closed','abandoned','called-back')),
  received_at       timestamptz not null,
  waiting_since     timestamptz,
  due_at            timestamptz not null,         -- the line's target, in its opening hours
  preferred_id      bigint references account,    -- last or named adviser first ...
  preferred_until   timestamptz,                  -- ... until then
  preferred_only    boolean not null default false, -- transfer to a named adviser: no time-out into the queue
  declined          bigint[] not null default '{}', -- advisers who declined or missed it, cleared when it waits anew
  holder_id         bigint references account,    -- who has it (active, parked, wrap-up)
  wake_at           timestamptz,                  -- parked until
  subject_id        bigint references subject,
  outcome           text not null default '',
  closed_at         timestamptz,
  version           integer not null default 1,
  check ((state = 'parked') = (wake_at is not null)),
  check ((state in ('closed','abandoned','called-back')) = (closed_at is not null)),
  check (state not in ('active','wrap-up') or holder_id is not null)
);
-- One open piece of work per conversation: a further mail joins it.
create unique index contact_open on contact (conversation_id)
  where state in ('received','waiting','offered','active','parked','wrap-up');
create index contact_waiting on contact (line_id, due_at, id) where state in ('waiting', 'offered');
create index contact_holder on contact (holder_id, state) where state in ('active','parked','wrap-up');
create index contact_wake on contact (wake_at) where state = 'parked';
create index contact_conversation on contact (conversation_id, id desc);
create index contact_closed on contact (line_id, closed_at desc) where state = 'closed';

-- A place at a contact that a person takes. One row while offered or held: one holder per seat
-- is a property of this primary key, not of the router's care (DESIGN.md, promise 3).
create table seat (
  contact_id bigint not null references contact,
  role       text not null default 'adviser',
  account_id bigint not null references account,
  state      text not null check (state in ('offered', 'held')),
  since      timestamptz not null,
  expires_at timestamptz,                         -- an offer ends by itself
  reason     jsonb not null default '{}',         -- why here
  primary key (contact_id, role),
  check ((state = 'offered') = (expires_at is not null))
);
create index seat_account on seat (account_id, state);
create index seat_expiry on seat (expires_at) where state = 'offered';

create table message (
  id              bigint generated always as identity primary key,
  conversation_id bigint not null references conversation,
  contact_id      bigint references contact,
  kind            text not null check (kind in ('in', 'out', 'note', 'automatic', 'bounce')),
                  -- in: from the client; out: ours; note: between colleagues;
                  -- automatic: a machine's mail, never work; bounce: a delivery report of ours
  channel         text not null default 'mail',
  door_id         bigint references door,
  at              timestamptz not null,
  author_id       bigint references account,
  sender_name     text not null default '',
  sender          text not null default '',       -- address, lower case
  recipients      jsonb not null default '[]',    -- [{"name","address","as":"to|cc"}]
  subject         text not null default '',
  body            text not null default '',       -- all that can be read
  new_body        text,                           -- null: the same as body
  html            boolean not null default false, -- the mail itself holds the HTML (mail_raw)
  attachments     jsonb not null default '[]',    -- [{"part","name","type","size","sha256","inline","cid"}]
  source_id       text,                           -- idempotency key within the door
  digest          bytea,                          -- of what was said: tells a copy from another mail of the same id
  external_id     text,                           -- Message-ID without <>
  status          text not null default '',       -- out: held, queued, sent, failed, bounced, cancelled
  status_detail   text not null default '',
  facts           jsonb not null default '{}',    -- authentication, automatic, bounce, problems, references, language, warnings
  search          tsvector
);
create unique index message_source on message (door_id, source_id) where source_id is not null;
create index message_external on message (external_id) where external_id is not null;
create index message_conversation on message (conversation_id, id);
create index message_contact on message (contact_id) where contact_id is not null;
create index message_search on message using gin (search) with (fastupdate = on, gin_pending_list_limit = 16384);
alter table message alter column body set storage external;
alter table message alter column search set storage external;

-- The mail byte for byte. STORAGE EXTERNAL: compression costs 2.7 times the intake here (DESIGN.md).
create table mail_raw (
  message_id bigint primary key references message,
  content    bytea not null
);
alter table mail_raw alter column content set storage external;

-- A mail whose parent is not here yet: when the parent commits, it is joined (see actions/intake.py).
create table awaited_parent (
  external_id     text not null,                  -- the Message-ID referred to
  conversation_id bigint not null references conversation,
  at              timestamptz not null,
  primary key (external_id, conversation_id)
);

-- A mail that could not be understood or stored: visible, retriable, never in the way.
create table set_aside (
  id         bigint generated always as identity primary key,
  door_id    bigint references door,
  at         timestamptz not null,
  sender     text not null default '',
  recipient  text not null default '',
  reason     text not null,
  tries      integer not null default 1,
  state      text not null default 'aside' check (state in ('aside', 'taken', 'dismissed')),
  message_id bigint references message,           -- what it became
  sha256     bytea not null,
  content    bytea not null,
  unique (door_id, sha256)
);
alter table set_aside alter column content set storage external;

-- What leaves. The MIME bytes and the Message-ID are fixed before the first try.
create table outgoing (
  message_id  bigint primary key references message,
  state       text not null check (state in ('held', 'due', 'sending', 'sent', 'failed', 'cancelled')),
              -- held: may still be undone; due: to be tried from not_before; sending: leased
  sender      text not null,                      -- envelope; empty for automatic answers (RFC 3834)
  recipients  text[] not null,
  content     bytea not null,
  not_before  timestamptz not null,
  attempts    integer not null default 0,
  lease_until timestamptz,
  lease       uuid,                               -- fencing token: only its owner may write the result
  reply       text not null default '',           -- the relay's last word
  created_at  timestamptz not null,
  check ((state = 'sending') = (lease is not null))
);
create index outgoing_due on outgoing (not_before) where state in ('held', 'due');
create index outgoing_lease on outgoing (lease_until) where state = 'sending';
alter table outgoing alter column content set storage external;

-- The answer being written: it belongs to the conversation, so it changes hands with it.
create table draft (
  conversation_id bigint primary key references conversation,
  body            text not null,
  recipients      jsonb not null default '[]',
  saved_by        bigint not null references account,
  saved_at        timestamptz not null,
  version         integer not null default 1
);

create table upload (
  id              uuid primary key,
  conversation_id bigint not null references conversation,
  account_id      bigint not null references account,
  message_id      bigint references message,      -- null: still with the draft
  name            text not null,
  type            text not null,
  size            bigint not null,
  sha256          bytea not null,
  content         bytea not null,
  at              timestamptz not null
);
create index upload_conversation on upload (conversation_id) where message_id is null;
create index upload_message on upload (message_id) where message_id is not null;
alter table upload alter column content set storage external;

create table presence (
  account_id bigint primary key references account,
  state      text not null check (state in ('available', 'paused', 'away', 'offline')),
  reason     text not null default '',
  since      timestamptz not null,
  idle_since timestamptz not null,                -- last time the adviser finished something
  seen_at    timestamptz not null                 -- the browser's heartbeat
);

-- Who is writing where: worthless after a crash.
create unlogged table writing (
  conversation_id bigint not null,
  account_id      bigint not null,
  at              timestamptz not null,
  primary key (conversation_id, account_id)
);

-- The log. `xid` gives a cursor safe under concurrent commits: read below pg_snapshot_xmin, in (xid, id) order.
create table event (
  id              bigint generated always as identity primary key,
  xid             xid8 not null default pg_current_xact_id(),
  at              timestamptz not null,
  kind            text not null,
  v               smallint not null default 1,
  contact_id      bigint,
  conversation_id bigint,
  line_id         bigint,
  actor_id        bigint,                         -- account; null: the system or the client
  data            jsonb not null default '{}'
);
create index event_cursor on event (xid, id);
create index event_contact on event (contact_id, id) where contact_id is not null;
create index event_conversation on event (conversation_id, id) where conversation_id is not null;

-- Where each reader of the log stands.
create table log_cursor (
  reader text primary key,
  xid    xid8 not null,
  id     bigint not null
);

-- A process's sign of life, for doctor and the status page.
create table heartbeat (
  process text not null,
  host    text not null,
  pid     integer not null,
  at      timestamptz not null,
  detail  jsonb not null default '{}',
  primary key (process, host, pid)
);

-- Words met in messages and names, for "did you mean": filled by the timers runner from new messages.
create table vocabulary (
  word text primary key,
  seen integer not null
);
create index vocabulary_trgm on vocabulary using gin (word gin_trgm_ops);
