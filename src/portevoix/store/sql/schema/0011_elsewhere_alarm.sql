-- A platform has had contacts of a line for too long.
alter table alarm drop constraint alarm_kind_check,
  add constraint alarm_kind_check check (kind in ('waiting', 'oldest', 'late', 'nobody', 'no-skill', 'away'));
