"""A centre with one line of everything, and one person of each role; and what its forms post."""

from __future__ import annotations

from datetime import time
from types import SimpleNamespace
from typing import Any

from made_accounts import make_account

PASSWORD = "cheval correct agrafe"


def build() -> SimpleNamespace:
    """The rows, by name."""
    from portevoix.web.records import models as m

    house = m.Organisation.objects.create(name="Maison", kind="in-house")
    other = m.Organisation.objects.create(name="Prestataire", kind="outsourcer")
    team = m.Team.objects.create(organisation=house, name="Équipe A")
    site = m.Site.objects.create(name="Poitiers")
    cpf = m.Line.objects.create(slug="cpf", name="CPF", signature="Le service CPF")
    school = m.Line.objects.create(slug="scolaire", name="Scolaire")
    door = m.Door.objects.create(line=cpf, address="cpf@centre.example")
    m.LineHours.objects.create(line=cpf, weekday=0, opens=time(9), closes=time(17))
    root = m.Subject.objects.create(line=cpf, name="Inscription", position=0)
    leaf = m.Subject.objects.create(line=cpf, parent=root, name="Dossier incomplet")
    second = m.Subject.objects.create(line=cpf, name="Paiement", position=1)
    skill = m.Skill.objects.create(slug="anglais", name="Anglais")
    answer = m.SavedAnswer.objects.create(title="Bonjour", body="Bonjour {{ prenom }},", line=cpf)
    foreign = m.SavedAnswer.objects.create(title="École", body="Bonjour,", line=school)
    make = make_account
    contract = m.Contract.objects.create(organisation=other, share=30)
    people = {
        "admin": make(
            "ada@example.org", PASSWORD, full_name="Ada Roux", role="administrator", organisation=house
        ),
        "supervisor": make(
            "sam@example.org", PASSWORD, full_name="Sam Roy", role="supervisor", organisation=house
        ),
        "adviser": make("bob@example.org", PASSWORD, full_name="Bob Petit", organisation=house),
        "outside": make(
            "max@example.net", PASSWORD, full_name="Max Loin", role="administrator", organisation=other
        ),
    }
    m.AdviserLine.objects.create(account=people["adviser"], line=cpf)
    return SimpleNamespace(
        house=house, other=other, team=team, site=site, cpf=cpf, school=school, door=door, root=root, leaf=leaf,
        second=second, skill=skill, answer=answer, foreign=foreign, contract=contract, **people,
    )  # fmt: skip


def line_values(**changes: Any) -> dict[str, Any]:
    """What the line's form posts."""
    return {
        "name": "CPF", "slug": "cpf", "language": "fr", "time_zone": "Europe/Paris", "holiday_region": "metropole",
        "target_minutes_hours": "16", "target_minutes_minutes": "0", "offer_seconds": "30", "wrap_up_seconds": "120",
        "preferred_minutes": "5", "sender_name": "", "signature": "Le service CPF",
    } | changes  # fmt: skip


def person_values(world: SimpleNamespace, **changes: Any) -> dict[str, Any]:
    """What the person's form posts."""
    return {
        "full_name": "Zoé Neuve", "email": "zoe@example.org", "public_name": "", "role": "adviser",
        "organisation": world.house.pk, "team": "", "site": "", "language": "fr", "mail_capacity": "3",
        "lines": [world.cpf.pk], f"skill_{world.skill.pk}": "3",
    } | changes  # fmt: skip
