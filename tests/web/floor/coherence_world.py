"""Finished work of the house and two outsourcers, as the reader of the log leaves it; with real contacts behind."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta

from centre_world import PASSWORD, World
from made_accounts import make_account

_ROWS = """
with n as (select * from unnest(%(ended)s::timestamptz[], %(accounts)s::bigint[], %(subjects)s::bigint[], %(endings)s::text[],
    %(seconds)s::real[], %(in_target)s::boolean[], %(reopened)s::boolean[])
  with ordinality as t(ended, account, subject, ending, seconds, in_target, reopened, nth)),
p as (insert into person (name, created_at) values (%(name)s, now()) returning id),
c as (insert into conversation (line_id, person_id, subject, opened_at, last_at)
  select %(line)s, p.id, 'Secret ' || n.nth, n.ended, n.ended from n, p returning id),
ck as (select id, row_number() over (order by id) as nth from c),
k as (insert into contact (conversation_id, line_id, channel, state, received_at, due_at, subject_id, closed_at)
  select ck.id, %(line)s, %(channel)s, 'closed', n.ended, n.ended, n.subject, n.ended from n join ck using (nth)
  returning id, conversation_id)
insert into handling (contact_id, part, conversation_id, organisation_id, account_id, line_id, subject_id, channel, began_at,
  ended_at, ending, seconds, in_target, reopened)
select k.id, 1, k.conversation_id, a.organisation_id, a.id, %(line)s, n.subject, %(channel)s, n.ended, n.ended, n.ending,
  n.seconds, n.in_target, n.reopened
from n join ck using (nth) join k on k.conversation_id = ck.id join account a on a.id = n.account"""


def worked(
    world: World,
    who: str,
    count: int,
    *,
    line: str = "inscription",
    subject: str | None = "Délai",
    typical: float = 300.0,
    in_target: float = 0.9,
    transferred: float = 0.1,
    reopened: float = 0.05,
    ended: datetime | None = None,
    channel: str = "mail",
) -> None:
    """So many contacts that this person finished over the last days: the shares hold exactly, the times are scattered."""
    chance = random.Random(count)
    at = ended or datetime.now(UTC)
    endings = ["transferred" if i < transferred * count else "closed" for i in range(count)]
    world.conn.execute(
        _ROWS,
        {
            "name": f"Usager {who}",
            "line": world.lines[line].pk,
            "channel": channel,
            "ended": [at - timedelta(minutes=i + 1) for i in range(count)],
            "accounts": [world.accounts[who].pk] * count,
            "subjects": [world.subjects[subject] if subject else None] * count,
            "endings": endings,
            "seconds": [math.exp(math.log(typical) + chance.gauss(0, 0.5)) for _ in range(count)],
            "in_target": [i < in_target * count for i in range(count)],
            "reopened": [e == "closed" and i >= count * (1 - reopened) for i, e in enumerate(endings)],
        },
    )


def people(world: World) -> None:
    """Managers of outsourcers: Manon of Prestataire (line scolaire and inscription), Noé of Rivage; nobody's Ivo."""
    from portevoix.web.records import models

    other = models.Organisation.objects.get(name="Prestataire")
    rivage = models.Organisation.objects.create(name="Rivage", kind="outsourcer")
    for key, name, role, organisation in (
        ("manon", "Manon Faure", "supervisor", other),
        ("noe", "Noé Lambert", "supervisor", rivage),
        ("rita", "Rita Caron", "adviser", rivage),
        ("ivo", "Ivo Weber", "supervisor", None),
    ):
        world.accounts[key] = make_account(
            f"{key}@centre.example", PASSWORD, full_name=name, role=role, organisation=organisation
        )
    for key, line in (("charlie", "inscription"), ("rita", "inscription")):
        models.AdviserLine.objects.create(account=world.accounts[key], line=world.lines[line])
