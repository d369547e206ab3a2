"""Lines, doors, hours, subjects: saved, refused with a clear sentence, told to routers, taken back."""

from __future__ import annotations

from datetime import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse
from settings_world import line_values


def events(kind: str = "configuration-changed") -> list[tuple[str, int | None, int | None]]:
    """What the log was told: table, row, who."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "select data->>'what', (data->>'ref')::bigint, actor_id from event where kind = %s order by id",
            [kind],
        )
        return cursor.fetchall()


def test_new_line_gets_a_code_and_is_told(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.centre.models import ConfigChange
    from portevoix.web.records.models import Line

    answer = at("admin").post(
        "/reglages/lignes/nouvelle",
        line_values(name="Élèves à l’étranger", slug="", target_minutes_minutes="30"),
    )
    line = Line.objects.get(slug="eleves-a-letranger")
    assert answer["Location"] == f"/reglages/lignes/{line.pk}"
    assert (line.target_minutes, line.preferred_seconds) == (16 * 60 + 30, 300)
    assert events() == [("line", line.pk, world.admin.pk)]
    change = ConfigChange.objects.get()
    assert (change.verb, change.actor, change.label) == ("created", world.admin, "Élèves à l’étranger")


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"name": ""}, "name", "Remplissez ce champ."),
        ({"slug": "scolaire"}, "slug", "Une autre ligne porte déjà ce code."),
        (
            {"target_minutes_hours": "", "target_minutes_minutes": ""},
            "target_minutes",
            "Remplissez ce champ.",
        ),
        ({"target_minutes_hours": "0"}, "target_minutes", "Donnez au moins une minute."),
        ({"target_minutes_hours": "beaucoup"}, "target_minutes", "Écrivez un nombre entier."),
        ({"offer_seconds": "2"}, "offer_seconds", "5"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "Mars/Olympus"),
    ],
)
def test_wrong_line_is_refused_in_words(
    world: SimpleNamespace, at: Any, wrong: dict[str, str], field: str, said: str
) -> None:
    answer = at("admin").post("/reglages/lignes/nouvelle", line_values(name="Neuve", slug="neuve") | wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#id_{field}"' in page
    assert f'id="id_{field}"' in page, "the summary's link must lead somewhere"
    assert said in page
    assert events() == []


def test_saving_the_same_tells_nobody(world: SimpleNamespace, at: Any) -> None:
    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}"
    client.post(path, line_values())
    assert events() == []


def test_the_code_never_changes(world: SimpleNamespace, at: Any) -> None:
    at("admin").post(f"/reglages/lignes/{world.cpf.pk}", line_values(slug="autre", name="CPF 2"))
    world.cpf.refresh_from_db()
    assert (world.cpf.slug, world.cpf.name) == ("cpf", "CPF 2")


def test_a_change_is_undone_once_and_never_over_a_later_one(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.centre.models import ConfigChange

    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}"
    client.post(path, line_values(signature="Un"))
    first = ConfigChange.objects.get()
    client.post(path, line_values(signature="Deux"))
    client.post(f"/reglages/historique/{first.pk}/annuler")
    world.cpf.refresh_from_db()
    assert world.cpf.signature == "Deux", "a later change stands"
    second = ConfigChange.objects.latest("pk")
    client.post(f"/reglages/historique/{second.pk}/annuler")
    client.post(f"/reglages/historique/{second.pk}/annuler")
    world.cpf.refresh_from_db()
    assert world.cpf.signature == "Un"
    assert ConfigChange.objects.filter(undoes=second).count() == 1
    assert len(events()) == 3


def test_a_failed_save_leaves_neither_change_nor_event(
    world: SimpleNamespace, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portevoix.actions import configuration
    from portevoix.web.centre.models import ConfigChange

    def fail(*_: Any, **__: Any) -> int:
        raise RuntimeError("disk full")

    monkeypatch.setattr(configuration, "changed", fail)
    with pytest.raises(RuntimeError):
        at("admin").post(f"/reglages/lignes/{world.cpf.pk}", line_values(name="Autre"))
    world.cpf.refresh_from_db()
    assert world.cpf.name == "CPF"
    assert not ConfigChange.objects.exists()


def test_acknowledgement_names_what_the_law_misses(world: SimpleNamespace, at: Any) -> None:
    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}/accuse"
    page = client.get(path).content.decode()
    assert "le téléphone du service" in page
    assert "le service chargé du dossier" not in page, "without a service, the line itself is in charge"
    values = {
        "ack_active": "on", "ack_text": "Réponse sous deux jours.", "service_name": "Service CPF", "service_address": "Poitiers",
        "service_phone": "05 49 00 00 00", "silence": "reject", "silence_months": "2", "appeal_text": "",
    }  # fmt: skip
    tried = client.post(path + "/apercu", values).content.decode()
    assert "les voies et délais de recours" in tried
    assert "le téléphone du service" not in tried
    assert "Réponse sous deux jours." in tried
    assert "PV-001234" in tried
    assert "considérée comme rejetée" in tried
    world.cpf.refresh_from_db()
    assert world.cpf.service_name == "", "a preview keeps nothing"
    client.post(path, values | {"appeal_text": "Tribunal administratif, deux mois."})
    assert "Toutes les mentions obligatoires y sont" in client.get(path).content.decode()


def test_an_address_leads_to_one_line(world: SimpleNamespace, at: Any) -> None:
    values = {
        "line": world.school.pk,
        "address": "CPF@Centre.example",
        "imap_port": "993",
        "imap_folder": "INBOX",
        "imap_after": "mark",
    }
    answer = at("admin").post("/reglages/portes/nouvelle", values)
    assert answer.status_code == 422
    assert "déjà une porte de la ligne « CPF »" in answer.content.decode()


def test_a_mailbox_needs_account_and_secret_and_is_tried(
    world: SimpleNamespace, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path = at("admin"), f"/reglages/portes/{world.door.pk}"
    values = {
        "line": world.cpf.pk, "address": "cpf@centre.example", "active": "on", "imap_host": "127.0.0.1", "imap_port": "9",
        "imap_folder": "INBOX", "imap_user": "", "imap_secret": "", "imap_after": "mark",
    }  # fmt: skip
    assert client.post(path, values).status_code == 422
    assert client.post(path, values | {"imap_user": "cpf", "imap_secret": "cpf"}).status_code == 302
    world.door.refresh_from_db()
    assert world.door.imap_secret == "CPF"
    monkeypatch.delenv("PORTEVOIX_IMAP_CPF", raising=False)
    assert (
        "PORTEVOIX_IMAP_CPF" in client.post(path + "/essai", headers={"hx-request": "true"}).content.decode()
    )
    monkeypatch.setenv("PORTEVOIX_IMAP_CPF", "motdepasse-secret")
    tried = client.post(path + "/essai", headers={"hx-request": "true"}).content.decode()
    assert "refuse la connexion au port 9" in tried
    assert "motdepasse-secret" not in tried + client.get(path).content.decode()


def week(**times: str) -> dict[str, str]:
    return {"spans": "2", "do": "save"} | times


def test_hours_are_copied_then_kept_then_undone(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.centre.models import ConfigChange

    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}/horaires"
    typed = week(d0_0_opens="08:30", d0_0_closes="12:00", d0_1_opens="13:00", d0_1_closes="17:00")
    page = client.post(path, typed | {"do": "copy"}).content.decode()
    assert page.count('value="08:30"') == 5
    assert world.cpf.hours.count() == 1, "copied, not kept"
    client.post(path, typed | {"d6_0_opens": "10:00", "d6_0_closes": "00:00"})
    kept = list(world.cpf.hours.values_list("weekday", "opens", "closes"))
    assert kept == [(0, time(8, 30), time(12)), (0, time(13), time(17)), (6, time(10), time(23, 59))]
    assert events() == [("line", world.cpf.pk, world.admin.pk)]
    client.post(reverse("centre:undo", args=[ConfigChange.objects.get().pk]))
    assert list(world.cpf.hours.values_list("weekday", "opens", "closes")) == [(0, time(9), time(17))]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"d1_0_opens": "09:00"}, "Donnez les deux heures, ou aucune."),
        ({"d1_0_opens": "12:00", "d1_0_closes": "09:00"}, "La fermeture doit suivre"),
        ({"d1_0_opens": "9h99", "d1_0_closes": "10:00"}, "Écrivez une heure"),
        (
            {"d1_0_opens": "09:00", "d1_0_closes": "12:00", "d1_1_opens": "11:00", "d1_1_closes": "14:00"},
            "en chevauche une autre",
        ),
    ],
)
def test_wrong_hours(world: SimpleNamespace, at: Any, typed: dict[str, str], said: str) -> None:
    answer = at("admin").post(f"/reglages/lignes/{world.cpf.pk}/horaires", week(**typed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert world.cpf.hours.count() == 1


@pytest.mark.parametrize("spans", ["999999", "-1", "x", ""])
def test_a_forged_number_of_boxes_is_harmless(world: SimpleNamespace, at: Any, spans: str) -> None:
    answer = at("admin").post(f"/reglages/lignes/{world.cpf.pk}/horaires", {"spans": spans, "do": "more"})
    assert answer.status_code == 200


def test_days_that_differ(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.records.models import LineException

    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}/jours"
    assert (
        client.post(
            path, {"first": "2030-12-24", "last": "2030-12-20", "kind": "closed", "scope": "line"}
        ).status_code
        == 422
    )
    assert client.post(path, {"first": "2030-12-24", "kind": "open", "scope": "line"}).status_code == 422
    client.post(
        path,
        {"first": "2030-12-24", "last": "2030-12-26", "kind": "closed", "scope": "all", "reason": "Fêtes"},
    )
    rows = LineException.objects.all()
    assert [(row.line_id, row.day.day) for row in rows] == [(None, 24), (None, 25), (None, 26)]
    client.post(f"{path}/{rows[0].pk}/retirer")
    assert LineException.objects.count() == 2


def test_subjects_are_ordered_and_retired(world: SimpleNamespace, at: Any) -> None:
    from portevoix.web.records.models import Subject

    client, path = at("admin"), f"/reglages/lignes/{world.cpf.pk}/motifs"
    client.post(path, {"name": "Attestation", "parent": world.root.pk})
    assert Subject.objects.get(name="Attestation").parent == world.root
    assert client.post(path, {"name": "paiement", "parent": ""}).status_code == 422
    client.post(f"{path}/{world.second.pk}/monter")
    assert [s.name for s in Subject.objects.filter(line=world.cpf, parent=None)] == [
        "Paiement",
        "Inscription",
    ]
    client.post(f"{path}/{world.root.pk}/supprimer")
    world.root.refresh_from_db()
    assert not world.root.active, "with something below it: retired, not deleted"
    client.post(f"{path}/{world.leaf.pk}/supprimer")
    assert not Subject.objects.filter(pk=world.leaf.pk).exists()


def test_a_subject_of_another_line_is_out_of_reach(world: SimpleNamespace, at: Any) -> None:
    assert (
        at("admin").post(f"/reglages/lignes/{world.school.pk}/motifs/{world.root.pk}/supprimer").status_code
        == 404
    )


def test_gaps_name_the_line(world: SimpleNamespace, at: Any) -> None:
    page = at("admin").get("/reglages/").content.decode()
    assert "La ligne Scolaire n’a pas d’horaires" in page
    assert "La ligne Scolaire n’a pas de porte ouverte" in page
    assert "La ligne CPF n’a pas d’horaires" not in page


def test_lists_cost_the_same_whatever_their_length(world: SimpleNamespace, at: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from portevoix.web.accounts.models import User
    from portevoix.web.records import models as m

    client = at("admin")
    paths = ["/reglages/", "/reglages/lignes", "/reglages/portes", "/reglages/personnes", "/reglages/competences",
             "/reglages/groupes", "/reglages/reponses", "/reglages/echange/configuration.json?personnes=1",
             f"/reglages/lignes/{world.cpf.pk}/motifs"]  # fmt: skip

    def cost() -> list[int]:
        spent = []
        for path in paths:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(path).status_code == 200
            spent.append(len(queries))
        return spent

    m.LineSkill.objects.create(line=world.cpf, skill=world.skill)
    m.AdviserSkill.objects.create(account=world.adviser, skill=world.skill)
    before = cost()
    for number in range(8):
        line = m.Line.objects.create(slug=f"l{number}", name=f"L{number}")
        m.Door.objects.create(line=line, address=f"l{number}@centre.example", imap_host="imap.example")
        m.LineSkill.objects.create(line=line, skill=world.skill)
        m.SavedAnswer.objects.create(title=f"T{number}", body="x", line=line)
        m.Team.objects.create(organisation=world.house, name=f"T{number}")
        m.Subject.objects.create(line=world.cpf, parent=world.root, name=f"S{number}")
        person = User.objects.create_user(
            f"p{number}@example.org", full_name=f"P{number}", organisation=world.house
        )
        m.AdviserLine.objects.create(account=person, line=line)
        m.AdviserSkill.objects.create(account=person, skill=world.skill)
    assert cost() == before
