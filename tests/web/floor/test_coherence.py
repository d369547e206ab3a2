"""Coherence: who sees whom, what is flagged, the contacts behind, the file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from centre_world import World, build
from coherence_world import people, worked

from portevoix.store import db

PAGE = "/plateau/coherence/"
LONG_AGO = datetime(2024, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(django_module_database: str) -> Iterator[World]:
    with db.connect(django_module_database) as conn:
        world = build(conn)
        people(world)
        worked(world, "alice", 400)
        worked(world, "alice", 60, subject=None, channel="phone")
        worked(world, "bob", 30, line="cpf", subject=None)
        worked(world, "charlie", 300, in_target=0.7, typical=450)
        worked(world, "charlie", 40, subject="Pièce manquante", transferred=0.5)
        worked(world, "rita", 200)
        worked(world, "rita", 7, ended=LONG_AGO)
        yield world
    from portevoix.web import database

    database.close()


@pytest.fixture
def sign(world: World) -> Iterator[Callable[[str], Any]]:
    from django.test import Client, override_settings

    storage = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }

    def signed(name: str) -> Any:
        client = Client(headers={"accept-language": "fr"}, HTTP_HOST="localhost")
        if name:
            client.force_login(world.accounts[name], backend="django.contrib.auth.backends.ModelBackend")
        return client

    with override_settings(STORAGES=storage):
        yield signed


def words(answer: Any) -> str:
    assert answer.status_code == 200, answer.status_code
    text = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.DOTALL)
    return " ".join(unescape(text).split())


def pages() -> list[str]:
    from portevoix.web.records.models import SavedAnswer

    return [
        PAGE, PAGE + "chiffres.csv", PAGE + "contacts?qui=maison", PAGE + "reponses/",
        f"{PAGE}reponses/{SavedAnswer.objects.first().pk}",
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["alice", "charlie", "rita"])
def test_an_adviser_has_no_such_page(sign: Any, who: str) -> None:
    for path in pages():
        assert sign(who).get(path).status_code == 403, path


def test_a_stranger_is_sent_to_sign_in(sign: Any) -> None:
    for path in pages():
        assert sign("").get(path)["Location"].startswith("/compte/connexion"), path


def test_nothing_here_can_be_posted(sign: Any) -> None:
    for path in pages():
        assert sign("sophie").post(path).status_code == 405, path


def test_an_administrator_of_an_outsourcer_is_no_administrator(sign: Any, world: World) -> None:
    world.conn.execute("update account set role = 'administrator' where id = %s", [world.accounts["noe"].pk])
    try:
        for path in pages():
            assert sign("noe").get(path).status_code == 403, path
    finally:
        world.conn.execute("update account set role = 'supervisor' where id = %s", [world.accounts["noe"].pk])


@pytest.mark.parametrize("who", ["sophie", "admin"])
def test_the_house_sees_everybody_side_by_side(sign: Any, who: str) -> None:
    text = words(sign(who).get(PAGE))
    for name in ("Interne", "Prestataire", "Rivage", "Inscription", "CPF", "Dossier › Délai", "Sans motif"):
        assert name in text, name
    assert "pas de contrat" in text
    assert "Holm" in text
    assert "Cochran-Mantel-Haenszel" in text


def test_only_the_real_difference_is_flagged(sign: Any) -> None:
    """Prestataire answers late one time in three and takes half as long again; Rivage works as the house does."""
    rows = list(_file(sign("sophie"), ""))
    whole = {row["Organisation"]: row for row in rows if row["Ligne"] == "Toutes les lignes"}
    assert whole["Prestataire"]["Répondu dans le délai : conclusion"] == "Écart réel"
    assert whole["Prestataire"]["Temps en main : conclusion"] == "Écart réel"
    assert float(
        whole["Prestataire"]["Répondu dans le délai : écart (points)"].replace(",", ".")
    ) == pytest.approx(-20)
    for measure in ("Répondu dans le délai", "Temps en main", "Transmis", "Revenu sous 7 jours"):
        assert whole["Rivage"][f"{measure} : conclusion"] == "Le hasard suffit à l’expliquer", measure
    # Half of one subject is handed on, which the house never handles: nothing to compare it with.
    alone = next(row for row in rows if row["Motif"] == "Dossier › Pièce manquante")
    assert alone["Organisation"] == "Prestataire"
    assert alone["Transmis : conclusion"] == ""
    assert whole["Interne"]["Traités"] == "490"
    assert whole["Prestataire"]["Traités"] == "340"


def _file(client: Any, query: str) -> Iterator[dict[str, str]]:
    answer = client.get(PAGE + "chiffres.csv" + query)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    text = answer.content.decode("utf-8-sig")
    return csv.DictReader(io.StringIO(text), delimiter=";")


def test_an_outsourcer_sees_itself_and_nobody_else(sign: Any) -> None:
    answer = sign("manon").get(PAGE)
    text = words(answer)
    assert "Prestataire" in text
    assert "340" in text
    for name in ("Rivage", "Interne", "Référence", "CPF", "490"):
        assert name not in text.replace("Prestataire Mon compte", ""), name
    assert [row["Organisation"] for row in _file(sign("manon"), "")] == ["Prestataire"] * 4


@pytest.fixture
def contract(world: World) -> Iterator[Any]:
    """Prestataire answers forty of a hundred of one line, for a price."""
    from portevoix.web.records.models import Contract

    made = Contract.objects.create(
        organisation_id=world.accounts["manon"].organisation_id,
        share=40,
        lines=["inscription"],
        channels=["mail"],
        price_contact="3.50",
        reference_visible=True,
    )
    yield made
    made.delete()


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


def test_the_nameless_reference_is_shown_where_the_contract_says_so(sign: Any, contract: Any) -> None:
    answer = sign("manon").get(PAGE)
    text = words(answer)
    assert "Référence interne" in text
    assert "Écart réel : moins bien" in text
    assert "CPF" not in text  # a line that is not theirs
    assert "qui=maison" not in answer.content.decode()
    assert "Rivage" not in text
    contract.reference_visible = False
    contract.save()
    assert "Référence" not in words(sign("manon").get(PAGE))
    contract.reference_visible, contract.last_day = True, LONG_AGO.date()
    contract.save()
    assert "Référence" not in words(sign("manon").get(PAGE))  # a contract that ended


def test_the_share_is_of_what_the_contract_covers_and_the_cost_by_its_prices(
    sign: Any, contract: Any
) -> None:
    # Of 400 + 300 + 40 + 200 mails of the line Prestataire had 340; calls and other lines are not in the contract.
    text = plain(words(sign("sophie").get(PAGE)))
    assert "36,2 % pour 40 % (Inscription)" in text
    assert "1 015,00 €" in text  # 270 of 300 and 20 of 40 closed, at 3.50
    rows = list(_file(sign("sophie"), ""))
    assert [row["Coût (€)"] for row in rows if row["Organisation"] == "Prestataire"][:1] == ["1015,00"]


@pytest.mark.parametrize(
    ("who", "key", "status"),
    [
        ("sophie", "maison", 200), ("sophie", "Prestataire", 200), ("sophie", "Rivage", 200), ("admin", "Rivage", 200),
        ("manon", "Prestataire", 200), ("manon", "maison", 403), ("manon", "Rivage", 403), ("manon", "Maison", 403),
        ("noe", "Prestataire", 403), ("sophie", "x", 404), ("sophie", "", 404),
    ],
)  # fmt: skip
def test_the_contacts_behind_are_those_one_may_see(sign: Any, who: str, key: str, status: int) -> None:
    from portevoix.web.records.models import Organisation

    found = Organisation.objects.filter(name=key).first()
    answer = sign(who).get(f"{PAGE}contacts?qui={found.pk if found else key}")
    assert answer.status_code == status


def test_the_list_behind_a_figure_has_exactly_the_contacts_of_the_figure(sign: Any, world: World) -> None:
    client = sign("sophie")
    links = re.findall(
        r'<a href="(/plateau/coherence/contacts\?[^"]+)">([^<]+)</a>', client.get(PAGE).content.decode()
    )
    handled = {
        unescape(path): int(text.replace("\u202f", "").replace("\xa0", ""))
        for path, text in links
        if "quoi=tout" in path
    }
    assert len(handled) > 8
    for start, count in handled.items():
        seen: list[str] = []
        path = start
        while path:
            answer = client.get(path)
            seen += re.findall(r"PV-\d+", words(answer))
            more = re.search(r'href="(\?[^"]*apres=[^"]+)"', answer.content.decode())
            path = PAGE + "contacts" + unescape(more[1]) if more else ""
        assert len(seen) == len(set(seen)) == count
    late = client.get(f"{PAGE}contacts?qui={world.accounts['charlie'].organisation_id}&quoi=retard")
    assert words(late).count("Répondu hors délai") == 50


def test_a_conversation_opens_only_where_its_own_door_lets_one_in(sign: Any, world: World) -> None:
    """Figures are for administrators too, clients' words are not; and nothing a client wrote is on the list."""
    inside, outside = (
        sign(who).get(PAGE + "contacts?qui=maison").content.decode() for who in ("sophie", "admin")
    )
    assert "/bureau/c/" in inside
    assert "/bureau/c/" not in outside
    assert "PV-" in outside
    assert "Secret" not in inside + outside
    assert "Usager" not in inside + outside


def test_an_outsourcer_asks_in_vain_for_a_line_that_is_not_theirs(sign: Any, world: World) -> None:
    mine = world.accounts["manon"].organisation_id
    answer = sign("manon").get(f"{PAGE}contacts?qui={mine}&ligne={world.lines['cpf'].pk}")
    assert answer.status_code == 404


@pytest.mark.parametrize(
    "query",
    ["du=hier", "du=2026-02-30", "du=2026-03-02&au=2026-03-01", "du=1066-01-01&au=1066-02-01", "du=9999-12-31",
     "au=0001-01-01", "ligne=abc", "ligne=999999999999999999", "du=%00"],
)  # fmt: skip
def test_a_period_that_cannot_be_is_told_and_another_shown(sign: Any, query: str) -> None:
    assert "Cohérence" in words(sign("sophie").get(f"{PAGE}?{query}"))


def test_the_past_is_found_where_it_was(sign: Any) -> None:
    text = words(sign("sophie").get(PAGE + "?du=2024-03-10&au=2024-03-10"))
    assert "Rivage" in text
    assert "Prestataire" not in text
    empty = words(sign("sophie").get(PAGE + "?du=2024-03-11&au=2024-04-11"))
    assert "Rien n’a été traité dans cette période" in empty
    longest = words(sign("sophie").get(PAGE + "?du=2021-01-01&au=2024-03-10"))
    assert "400 jours au plus" in longest


def test_a_page_key_somebody_made_up_is_the_first_page(sign: Any) -> None:
    answer = sign("sophie").get(PAGE + "contacts?qui=maison&apres=zzz")
    assert "PV-" in words(answer)


def test_a_name_cannot_be_a_formula(sign: Any, world: World) -> None:
    world.conn.execute("update line set name = '=1+1' where slug = 'cpf'")
    try:
        names = {row["Ligne"] for row in _file(sign("sophie"), "")}
    finally:
        world.conn.execute("update line set name = 'CPF' where slug = 'cpf'")
    assert "'=1+1" in names


def test_who_belongs_nowhere_sees_only_what_belongs_nowhere(sign: Any) -> None:
    text = words(sign("ivo").get(PAGE))
    assert "Rien n’a été traité" in text
    for name in ("Prestataire", "Rivage"):
        assert name not in text


def test_readers_by_organisation_and_an_outsourcer_sees_its_own(sign: Any, world: World) -> None:
    from portevoix.web.records.models import SavedAnswer

    answer = SavedAnswer.objects.get(title="Pièce reçue")
    world.conn.execute(
        "insert into reading (kind, thing_id, version, account_id, at) values ('answer', %s, 1, %s, %s)",
        [answer.pk, world.accounts["charlie"].pk, datetime.now(UTC) - timedelta(hours=1)],
    )
    everybody = words(sign("sophie").get(PAGE + "reponses/"))
    assert "Prestataire 1 sur 1" in everybody
    assert "Maison 0 sur 2" in everybody
    one = words(sign("sophie").get(f"{PAGE}reponses/{answer.pk}"))
    assert "Alice Martin" in one
    assert "Charlie Roux" not in one
    own = words(sign("noe").get(f"{PAGE}reponses/{answer.pk}"))
    assert "Rita Caron" in own
    for name in ("Alice", "Maison", "Prestataire"):
        assert name not in own
    answer.body = "Un autre texte."
    answer.save()
    again = words(sign("sophie").get(f"{PAGE}reponses/{answer.pk}"))
    assert "Charlie Roux Prestataire Sans équipe version 1" in again
    assert sign("noe").get(PAGE + "reponses/999").status_code == 404


def test_it_is_all_said_in_english_too(sign: Any, contract: Any, world: World) -> None:
    from portevoix.web.accounts.models import User

    User.objects.filter(pk__in=[world.accounts["sophie"].pk, world.accounts["manon"].pk]).update(
        language="en"
    )
    try:
        text = plain(words(sign("sophie").get(PAGE)))
        for said in (
            "Overview",
            "36.2% for 40% (Inscription)",
            "€1,015.00",
            "Real difference: less good",
            "Holm’s",
        ):
            assert said in text, said
        rows = csv.DictReader(
            io.StringIO(sign("sophie").get(PAGE + "chiffres.csv").content.decode("utf-8-sig"))
        )
        assert {row["Organisation"] for row in rows} == {"In-house", "Prestataire", "Rivage"}
        assert "In-house reference" in words(sign("manon").get(PAGE))
    finally:
        User.objects.update(language="fr")
