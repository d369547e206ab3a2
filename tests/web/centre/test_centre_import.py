"""The configuration from one centre into another: shown first, all or nothing, wrong files named by line, taken back."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command


@pytest.fixture
def files(world: SimpleNamespace, at: Any) -> SimpleNamespace:
    """The page, used by an administrator."""
    client = at("admin")

    def export() -> dict[str, Any]:
        return dict(client.get("/reglages/echange/configuration.json?personnes=1").json())

    def hand_in(content: Any) -> Any:
        raw = (
            content
            if isinstance(content, bytes)
            else json.dumps(content, indent=2, ensure_ascii=False).encode()
        )
        given = io.BytesIO(raw)
        given.name = "centre.json"
        return client.post("/reglages/echange/fichier", {"fichier": given})

    def mark(path: str) -> str:
        page = client.get(path).content.decode()
        return page.partition('name="mark" value="')[2].partition('"')[0]

    def apply(content: Any) -> str:
        """Hand in, look, apply; the address of the import."""
        answer = hand_in(content)
        assert answer.status_code == 302, answer.content.decode()
        assert client.post(answer["Location"], {"mark": mark(answer["Location"])}).status_code == 302
        return str(answer["Location"])

    return SimpleNamespace(client=client, export=export, hand_in=hand_in, mark=mark, apply=apply)


def line(found: dict[str, Any], slug: str) -> dict[str, Any]:
    return next(one for one in found["lines"] if one["slug"] == slug)


def edited(found: dict[str, Any]) -> dict[str, Any]:
    """A new line with all that a line has, and changes of each kind."""
    cpf = line(found, "cpf")
    cpf["name"] = "CPF et VAE"
    cpf["hours"] = [{"weekday": 1, "opens": "08:00", "closes": "12:00"}]
    cpf["skills"] = {"anglais": 2}
    cpf["doors"][0] |= {
        "imap_host": "imap.exemple.fr", "imap_user": "cpf", "imap_secret": "CPF", "imap_after": "move", "imap_move_to": "Pris",
    }  # fmt: skip
    found["organisations"].append({"name": "Troisième", "kind": "outsourcer"})
    found["teams"].append({"organisation": "Troisième", "name": "Soir"})
    found["sites"].append("Rennes")
    found["skills"].append({"slug": "breton", "name": "Breton"})
    found["lines"].append({
        "slug": "neuve", "name": "Neuve", "target_minutes": 480, "skills": {"breton": 3},
        "doors": [{"address": "neuve@centre.example"}],
        "hours": [{"weekday": 0, "opens": "09:00", "closes": "12:00"}, {"weekday": 0, "opens": "14:00", "closes": "17:00"}],
        "seasons": [{"name": "Été", "first_day": "2030-07-08", "last_day": "2030-08-30",
                     "hours": [{"weekday": 0, "opens": "10:00", "closes": "12:00"}]}],
        "exceptions": [{"day": "2030-12-28", "opens": "09:00", "closes": "12:00", "reason": "Samedi"},
                       {"day": "2030-12-28", "opens": "14:00", "closes": "16:00", "reason": "Samedi"}],
        "subjects": [{"name": "Accès", "below": [{"name": "Code perdu"}, {"name": "Autre", "active": False}]}],
    })  # fmt: skip
    found["saved_answers"].append({"title": "Salut", "body": "Bonjour {{ prenom }},", "line": "neuve"})
    found["people"].append({
        "email": "nina@example.org", "full_name": "Nina Neuve", "organisation": "Troisième", "team": "Soir", "site": "Rennes",
        "lines": ["neuve"], "skills": {"breton": 4},
    })  # fmt: skip
    return found


def test_what_was_exported_changes_nothing(files: SimpleNamespace) -> None:
    answer = files.hand_in(files.export())
    assert "Rien ne changerait" in files.client.get(answer["Location"]).content.decode()


def test_shown_first_then_applied_whole_then_taken_back(
    files: SimpleNamespace, world: SimpleNamespace
) -> None:
    from portevoix.web.accounts.models import User
    from portevoix.web.centre.models import ConfigImport

    start = files.export()
    answer = files.hand_in(edited(files.export()))
    page = " ".join(files.client.get(answer["Location"]).content.decode().split())
    for words in (
        "CPF et VAE",
        "neuve@centre.example",
        "Nina Neuve",
        "Code perdu",
        "Breton",
        "1 08:00-12:00",
        "Samedi",
    ):
        assert words in page, words
    assert files.export() == start, "looking changes nothing"
    files.client.post(answer["Location"], {"mark": files.mark(answer["Location"])})
    after = files.export()
    new = line(after, "neuve")
    assert new["skills"] == {"breton": 3}
    assert len(new["hours"]) == len(new["exceptions"]) == 2
    assert new["seasons"][0]["hours"] == [{"weekday": 0, "opens": "10:00", "closes": "12:00"}]
    assert [one["name"] for one in new["subjects"][0]["below"]] == ["Code perdu", "Autre"]
    assert line(after, "cpf")["doors"][0]["imap_move_to"] == "Pris"
    nina = User.objects.get(email="nina@example.org")
    assert not nina.has_usable_password()
    assert nina.role == "adviser"
    # Applied twice is applied once; and the same file now changes nothing.
    assert files.client.post(answer["Location"], {"mark": "x"}).status_code == 404
    assert (
        "Rien ne changerait"
        in files.client.get(files.hand_in(edited_again(after))["Location"]).content.decode()
    )
    # Back: what was made goes, what was changed returns.
    row = ConfigImport.objects.exclude(applied_at=None).get()
    back = f"/reglages/echange/{row.pk}/revenir"
    assert "Nina Neuve" in files.client.get(back).content.decode()
    assert files.export() == after
    assert files.client.get(f"/reglages/echange/{row.pk}/avant.json").json() == start
    assert files.client.post(back, {"mark": files.mark(back)}).status_code == 302
    assert files.export() == start
    assert files.client.get(back).status_code == 404


def edited_again(found: dict[str, Any]) -> dict[str, Any]:
    return found


def test_what_has_served_is_closed_not_deleted(files: SimpleNamespace, django_database: str) -> None:
    import psycopg

    from portevoix.web.records.models import Door, Line, Skill

    path = files.apply(edited(files.export()))
    made = Line.objects.get(slug="neuve")
    with psycopg.connect(django_database, autocommit=True) as conn:
        conn.execute("insert into person (id, created_at) values (1, now())")
        conn.execute(
            "insert into conversation (line_id, person_id, opened_at, last_at) values (%s, 1, now(), now())",
            [made.pk],
        )
    back = path + "/revenir"
    files.client.post(back, {"mark": files.mark(back)})
    made.refresh_from_db()
    assert not made.active
    assert not Door.objects.filter(address="neuve@centre.example").exists()
    assert not Skill.objects.filter(slug="breton").exists() or made.skills.exists()


def test_the_events_and_the_history_tell_of_it(files: SimpleNamespace, world: SimpleNamespace) -> None:
    from django.db import connection

    from portevoix.web.centre.models import ConfigChange

    files.apply(edited(files.export()))
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from event where kind = 'configuration-changed' and actor_id = %s",
            [world.admin.pk],
        )
        assert cursor.fetchone()[0] == ConfigChange.objects.count() > 10
    assert {row.actor_id for row in ConfigChange.objects.all()} == {world.admin.pk}


def test_changed_in_the_meantime_it_is_shown_again(files: SimpleNamespace, world: SimpleNamespace) -> None:
    found = files.export()
    line(found, "cpf")["name"] = "Autre nom"
    path = files.hand_in(found)["Location"]
    mark = files.mark(path)
    type(world.cpf).objects.filter(pk=world.cpf.pk).update(name="Nom d’un collègue")
    answer = files.client.post(path, {"mark": mark})
    assert answer.status_code == 409
    assert "Nom d’un collègue" in answer.content.decode()
    assert "a changé entre-temps" in answer.content.decode()
    world.cpf.refresh_from_db()
    assert world.cpf.name == "Nom d’un collègue"


def wrong(files: SimpleNamespace, text: str) -> str:
    """What is said of a file; nothing of it may have been kept."""
    before = files.export()
    answer = files.hand_in(text.encode())
    assert answer.status_code == 422
    assert files.export() == before
    page = answer.content.decode().partition('class="error-summary"')[2].partition("</div>")[0]
    return " ".join(page.replace("<strong>", "").replace("</strong>", "").replace("&quot;", '"').split())


HEAD = '{"portevoix": 1,\n "sites": ["Brest"],\n '


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Ligne 1 : Une valeur est attendue"),
        ("bonjour", "Ligne 1 : Une valeur est attendue"),
        ('{"portevoix": 1\n "lines": []}', "Ligne 2 : Une virgule"),
        ('{"portevoix": 1,\n "lines": [}', "Ligne 2 : Une valeur est attendue"),
        ('{"portevoix": 1,\n\n "portevoix": 1}', "Ligne 3 : « portevoix » est écrit deux fois"),
        ('{"portevoix": 1,\n "sites": ["a\nb"]}', "Ligne 2 : Ce texte entre guillemets"),
        ('{"portevoix": 1}\n{}', "Ligne 2 : Il reste du texte"),
        ('{"portevoix": 1,\n "sites": ["a\\u0000"]}', "Ligne 2 : Ce texte contient un caractère"),
        ('{"portevoix": 1,\n "sites": ["a\\ud800"]}', "Ligne 2 : Ce texte contient un caractère"),
        ("[" * 5000, "Ligne 1 : Trop de niveaux"),
        ('{"portevoix": ' + "1" * 5000 + "}", "Ligne 1 : Une valeur est attendue"),
        ('{"portevoix": NaN}', "Ligne 1 : Une valeur est attendue"),
        ("[]", "Ligne 1 : Un objet { … } est attendu"),
        ("{}", "Il manque « portevoix »"),
        ('{"portevoix": 7}', "version 1"),
        (HEAD + '"lignes": []}', "Ligne 3 : « lignes » n’est pas un réglage connu"),
        (HEAD + '"lines": {}}', "Ligne 3 : Une liste [ … ] est attendue"),
        (HEAD + '"lines": [{"name": "X"}]}', "Ligne 3 : Il manque « slug »"),
        (HEAD + '"lines": [{"slug": ["x"]}]}', "Ligne 3 : Un texte entre guillemets"),
        (HEAD + '"lines": [{"slug": "x y", "name": "X"}]}', "Ligne 3 :"),
        (HEAD + '"lines": [{"slug": "x"}]}', "Ligne 3 : Il manque « name »"),
        (HEAD + '"lines": [{"slug": "cpf",\n "time_zone": "Europe/Ici"}]}', "Ligne 4 : Ce fuseau horaire"),
        (HEAD + '"lines": [{"slug": "cpf",\n "active": "oui"}]}', "Ligne 4 : true ou false"),
        (HEAD + '"lines": [{"slug": "cpf",\n "offer_seconds": 2}]}', "Ligne 4 :"),
        (HEAD + '"lines": [{"slug": "cpf",\n "target_minutes": 1e9}]}', "Ligne 4 : Un nombre entier"),
        (HEAD + '"lines": [{"slug": "cpf",\n "silence": "maybe"}]}', 'Ligne 4 : Valeurs possibles : "accept"'),
        (HEAD + '"lines": [{"slug": "cpf", "hours": [\n{"weekday": 0, "opens": "9h", "closes": "10:00"}]}]}', "Ligne 4 : Une heure"),
        (HEAD + '"lines": [{"slug": "cpf", "hours": [\n{"weekday": 7, "opens": "09:00", "closes": "10:00"}]}]}', "Ligne 4 : Un nombre"),
        (
            HEAD + '"lines": [{"slug": "cpf", "hours": [{"weekday": 0, "opens": "09:00", "closes": "12:00"},\n'
            '{"weekday": 0, "opens": "11:00", "closes": "13:00"}]}]}',
            "Ligne 4 : Cette plage en chevauche",
        ),
        (
            HEAD + '"lines": [{"slug": "cpf", "seasons": [\n{"name": "É", "first_day": "2030-02-30", "last_day": "2030-03-01"}]}]}',
            "Ligne 4 : Une date est attendue",
        ),
        (HEAD + '"lines": [{"slug": "cpf", "skills": {\n"chinois": 3}}]}', "Ligne 4 : Aucune compétence ne porte le code « chinois »"),
        (HEAD + '"lines": [{"slug": "cpf", "doors": [\n{"address": "pas une adresse"}]}]}', "Ligne 4 : Écrivez une adresse complète"),
        (
            HEAD + '"lines": [{"slug": "cpf", "doors": [{"address": "cpf@centre.example",\n"imap_host": "169.254.169.254"}]}]}',
            "Ligne 4 : Cette adresse ne peut pas être",
        ),
        (
            HEAD + '"lines": [{"slug": "cpf", "doors": [{"address": "cpf@centre.example",\n"imap_host": "imap.exemple.fr"}]}]}',
            "Donnez le compte à ouvrir",
        ),
        (HEAD + '"saved_answers": [{"title": "T",\n"body": "{{ inconnue }}"}]}', "Ligne 4 : Variable inconnue"),
        (HEAD + '"people": [{"email": "ada@example.org",\n"role": "adviser"}]}', "Ligne 4 : Vous ne pouvez pas vous retirer"),
        (HEAD + '"people": [{"email": "bob@example.org", "organisation": "Prestataire",\n"role": "administrator"}]}', "Ligne 4 : Un compte de prestataire"),
        (HEAD + '"people": [{"email": "x@example.org", "full_name": "X",\n"is_superuser": true}]}', "Ligne 4 : « is_superuser »"),
        (HEAD + '"people": [{"email": "x@example.org", "full_name": "X",\n"lines": ["rien"]}]}', "Ligne 4 : Aucune ligne"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_named_by_its_line(files: SimpleNamespace, text: str, said: str) -> None:
    assert said in wrong(files, text)


def test_bytes_that_are_no_text_and_no_file_at_all(files: SimpleNamespace) -> None:
    answer = files.hand_in(b'{"portevoix": 1,\n"sites": ["\xff"]}')
    assert "Ligne 2 :" in answer.content.decode()
    assert "Choisissez un fichier" in files.client.post("/reglages/echange/fichier").content.decode()
    assert "dépasse 5 Mo" in files.hand_in(b" " * (5 * 1024 * 1024 + 1)).content.decode()


def test_an_account_closed_by_a_file_gives_its_work_back(
    files: SimpleNamespace, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portevoix.actions import contacts

    freed: list[int] = []
    real = contacts.release_all
    monkeypatch.setattr(
        contacts, "release_all", lambda conn, who, *more: freed.append(who) or real(conn, who, *more)
    )
    files.apply({"portevoix": 1, "people": [{"email": "bob@example.org", "is_active": False}]})
    world.adviser.refresh_from_db()
    assert not world.adviser.is_active
    assert set(freed) == {world.adviser.pk}


def test_the_same_by_command(files: SimpleNamespace, world: SimpleNamespace, tmp_path: Any) -> None:
    from portevoix.web.centre.models import ConfigImport
    from portevoix.web.records.models import Line

    def command(*words: str) -> str:
        out = io.StringIO()
        call_command("configuration", *words, stdout=out)
        return out.getvalue()

    found = json.loads(command("export", "--people"))
    assert found == files.export()
    path = tmp_path / "centre.json"
    path.write_text(json.dumps(edited(found)))
    assert "Neuve" in command("import", str(path))
    assert not Line.objects.filter(slug="neuve").exists()
    assert "Appliqué" in command("import", str(path), "--yes")
    assert Line.objects.filter(slug="neuve").exists()
    assert "rétablie" in command("undo", str(ConfigImport.objects.get().pk), "--yes")
    assert not Line.objects.filter(slug="neuve").exists()
    path.write_text('{"portevoix": 1,\n"nul": 1}')
    with pytest.raises(CommandError, match="json:2: « nul »"):
        command("import", str(path))
