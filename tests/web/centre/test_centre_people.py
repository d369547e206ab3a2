"""People, answers, mails set aside, export: what is promised about each."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from settings_world import PASSWORD, person_values

from portevoix.actions import contacts, intake, mailroom
from portevoix.store import db


def test_a_new_person_is_invited_and_chooses_a_password_once(world: SimpleNamespace, at: Any) -> None:
    from django.core import mail

    mail.outbox = []  # whatever other tests of this process sent

    from portevoix.web.accounts.models import User

    at("admin").post("/reglages/personnes/nouvelle", person_values(world))
    person = User.objects.get(email="zoe@example.org")
    assert not person.has_usable_password()
    assert list(person.line_links.values_list("line_id", flat=True)) == [world.cpf.pk]
    assert list(person.skill_links.values_list("level", flat=True)) == [3]
    assert mail.outbox[0].to == ["zoe@example.org"]
    found = re.search(r"http://localhost(/reglages/bienvenue/\S+)", str(mail.outbox[0].body))
    assert found
    path, stranger, words = found[1], at(), {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert stranger.get(path).status_code == 200
    assert stranger.post(path, words | {"new_password2": "autre chose de long"}).status_code == 422
    assert stranger.post(path, words)["Location"] == "/compte/connexion"
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert (
        at()
        .post(path, {"new_password1": "voleur de lien usé", "new_password2": "voleur de lien usé"})
        .status_code
        == 404
    )
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_an_invitation_grows_old_and_dies_with_the_account(world: SimpleNamespace, at: Any) -> None:
    from django.utils import timezone

    from portevoix.web.accounts.models import User
    from portevoix.web.centre import invitation

    person = User.objects.create_user("new@example.org", full_name="N")
    token = invitation.token(person)
    assert at().get(f"/reglages/bienvenue/{token}").status_code == 200
    assert at().get(f"/reglages/bienvenue/{token[:-2]}xx").status_code == 404
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=False):
        assert at().get(f"/reglages/bienvenue/{token}").status_code == 404
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert at().get(f"/reglages/bienvenue/{token}").status_code == 404


def test_without_a_relay_the_administrator_gets_the_link_and_the_log_does_not(
    world: SimpleNamespace, at: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from django.test import override_settings

    client = at("admin")
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.console.EmailBackend"):
        client.post("/reglages/personnes/nouvelle", person_values(world))
    page = client.get("/reglages/personnes").content.decode()
    assert "/reglages/bienvenue/" in page
    assert "bienvenue" not in caplog.text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"email": "ADA@example.org"}, "Un compte existe déjà avec cette adresse."),
        ({"full_name": ""}, "Remplissez ce champ."),
        ({"mail_capacity": "beaucoup"}, "Écrivez un nombre entier."),
        ({"mail_capacity": "51"}, "50"),
    ],
)
def test_wrong_person(world: SimpleNamespace, at: Any, wrong: dict[str, str], said: str) -> None:
    answer = at("admin").post("/reglages/personnes/nouvelle", person_values(world, **wrong))
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_nobody_locks_themselves_out_and_no_outsourcer_administers(world: SimpleNamespace, at: Any) -> None:
    client, path = at("admin"), f"/reglages/personnes/{world.admin.pk}"
    mine = person_values(world, full_name="Ada Roux", email="ada@example.org")
    assert client.post(path, mine | {"role": "adviser"}).status_code == 422
    client.post(f"{path}/fermer")
    world.admin.refresh_from_db()
    assert (world.admin.role, world.admin.is_active) == ("administrator", True)
    outside = person_values(world, organisation=world.other.pk, role="administrator")
    assert client.post("/reglages/personnes/nouvelle", outside).status_code == 422
    assert (
        client.post(
            "/reglages/personnes/nouvelle",
            person_values(world, team=world.team.pk, organisation=world.other.pk),
        ).status_code
        == 422
    )


def receive(conn: db.Connection, number: int = 1) -> Any:
    from django.utils import timezone

    raw = f"From: c{number}@client.example\r\nTo: cpf@centre.example\r\nSubject: Question\r\nMessage-ID: <m{number}@client.example>\r\n\r\nBonjour {number}\r\n"
    centre = mailroom.Centre.read(conn)
    door = centre.door("cpf@centre.example")
    assert door is not None
    return intake.take_in(
        conn, [mailroom.inbound(raw.encode(), door, centre, secret=b"x" * 40, at=timezone.now())]
    )[0]


def test_closing_an_account_frees_its_work(world: SimpleNamespace, at: Any, django_database: str) -> None:
    from django.utils import timezone

    client, path = at("admin"), f"/reglages/personnes/{world.adviser.pk}"
    with db.connect(django_database) as conn:
        taken = receive(conn)
        contacts.take(conn, taken.contact_id, world.adviser.pk, timezone.now())
        assert "1 contact en cours retourne dans la file" in client.get(path).content.decode()
        client.post(f"{path}/fermer")
        assert contacts.get(conn, taken.contact_id)["state"] == "waiting"
        kinds = [row["kind"] for row in conn.execute("select kind from event order by id desc limit 2")]
    assert set(kinds) == {"contact-released", "configuration-changed"}
    world.adviser.refresh_from_db()
    assert not world.adviser.is_active
    client.post(f"{path}/rouvrir")
    world.adviser.refresh_from_db()
    assert world.adviser.is_active


def test_a_mail_set_aside_is_retried_into_one_contact(
    world: SimpleNamespace, at: Any, django_database: str
) -> None:
    from django.utils import timezone

    raw = b"From: c@client.example\r\nTo: cpf@centre.example\r\nSubject: Q\r\nMessage-ID: <a@client.example>\r\n\r\nBonjour\r\n"
    client = at("supervisor")
    with db.connect(django_database) as conn:
        put = intake.put_aside(
            conn, raw=raw, door_id=world.door.pk, sender="c@client.example", recipient="cpf@centre.example",
            reason="ValueError: <b>essai</b>", at=timezone.now(),
        )  # fmt: skip
        path = f"/reglages/mis-de-cote/{put.set_aside_id}"
        page = client.get("/reglages/mis-de-cote/").content.decode()
        assert "c@client.example" in page
        assert "<b>essai" not in page
        kept = client.get(f"{path}/courriel")
        assert kept.content == raw
        assert kept["Content-Type"] == "application/octet-stream"
        client.post(f"{path}/classer")
        client.post(f"{path}/reessayer")
        assert conn.execute("select count(*) as n from contact").fetchone() == {"n": 0}, (
            "dismissed: not retried"
        )
        client.post(f"{path}/reprendre")
        client.post(f"{path}/reessayer")
        client.post(f"{path}/reessayer")
        assert conn.execute("select count(*) as n from contact").fetchone() == {"n": 1}
        row = conn.execute("select state, message_id from set_aside").fetchone()
        assert row is not None
        assert row["state"] == "taken"
        assert row["message_id"] is not None


def test_a_mail_of_a_line_not_overseen_stays_hidden(
    world: SimpleNamespace, at: Any, django_database: str
) -> None:
    from django.utils import timezone

    from portevoix.web.records.models import Door

    door = Door.objects.create(line=world.school, address="ecole@centre.example")
    client = at("supervisor")
    with db.connect(django_database) as conn:
        for door_id in (door.pk, None):
            put = intake.put_aside(conn, raw=b"x%d" % (door_id or 0), door_id=door_id, sender="secret@client.example",
                                   recipient="", reason="r", at=timezone.now())  # fmt: skip
            assert client.get(f"/reglages/mis-de-cote/{put.set_aside_id}/courriel").status_code == 404
            assert client.post(f"/reglages/mis-de-cote/{put.set_aside_id}/reessayer").status_code == 404
    assert "secret@client.example" not in client.get("/reglages/mis-de-cote/").content.decode()
    assert "secret@client.example" in at("admin").get("/reglages/mis-de-cote/").content.decode()


def test_an_answer_with_an_unknown_variable_is_refused(world: SimpleNamespace, at: Any) -> None:
    values = {"title": "T", "body": "Bonjour {{ prénom }}", "language": "fr", "line": "", "active": "on"}
    answer = at("admin").post("/reglages/reponses/nouvelle", values)
    assert answer.status_code == 422
    assert "Variable inconnue" in answer.content.decode()
    tried = (
        at("admin")
        .post("/reglages/reponses/apercu", values | {"body": "Bonjour {{ prenom }} <script>"})
        .content.decode()
    )
    assert "Bonjour Camille &lt;script&gt;" in tried


def test_a_skill_in_use_is_not_deleted(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.records.models import AdviserSkill, Skill

    AdviserSkill.objects.create(account=world.adviser, skill=world.skill)
    at("admin").post(f"/reglages/competences/{world.skill.pk}/supprimer")
    assert Skill.objects.count() == 1
    at("admin").post(f"/reglages/groupes/organisations/{world.house.pk}/supprimer")
    assert type(world.house).objects.filter(pk=world.house.pk).exists()


def test_export_holds_all_lines_and_no_secret(world: SimpleNamespace, at: Any) -> None:
    client = at("admin")
    plain = client.get("/reglages/echange/configuration.json")
    whole = json.loads(plain.content)
    assert [line["slug"] for line in whole["lines"]] == ["cpf", "scolaire"]
    assert whole["lines"][0]["subjects"][0]["below"][0]["name"] == "Dossier incomplet"
    assert "people" not in whole
    assert b"example.org" not in plain.content
    people = client.get("/reglages/echange/configuration.json?personnes=1").content
    assert b"ada@example.org" in people
    assert b"argon2" not in people


def test_passwords_never_stand_in_the_history(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.centre.models import ConfigChange

    at("admin").post("/reglages/personnes/nouvelle", person_values(world))
    change = ConfigChange.objects.get(what="account")
    assert "password" not in change.after
    assert at("admin").get(f"/reglages/historique/{change.pk}").status_code == 200
