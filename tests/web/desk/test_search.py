"""Search in French: accents, plurals, names, addresses, typos, phrases, exclusions, filters, pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from centre_world import World, mail

WRITTEN = {
    "Relevés": "Où puis-je trouver les relevés de notes de l’élève ?",
    "Dispense": "Demande de dispense d’éducation physique.",
    "Calendrier": "Le calendrier des inscriptions m’intéresse.",
    "Balise": "<script>alert('inscription')</script> et du texte",
}


@pytest.fixture(scope="module", autouse=True)
def written(world: World) -> None:
    from portevoix.actions.vocabulary import learn

    for subject, text in WRITTEN.items():
        world.receive(
            mail(
                sender=f"Hélène Müller-{subject} <h.{subject.lower().replace('é', 'e')}@client.example>",
                subject=subject,
                text=text,
            )
        )
    while learn(world.conn, limit=3):
        pass


def test_words_of_messages_are_learned_once(world: World) -> None:
    from portevoix.actions.vocabulary import learn

    assert learn(world.conn) == 0
    row = world.conn.execute("select seen from vocabulary where word = 'calendrier'").fetchone()
    assert row == {"seen": 1}


def hits(client: Any, query: str, **form: str) -> list[str]:
    page = client.get("/recherche/", {"q": query, **form}).content.decode()
    titles = re.findall(r'class="hit-title"[^>]*>(.*?)</a>', page, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", title).strip() for title in titles]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("releve", ["Relevés"]),
        ("RELEVÉS", ["Relevés"]),
        ("eleves", ["Relevés"]),
        ("notes de l'élève", ["Relevés"]),
        ('"relevés de notes"', ["Relevés"]),
        ('"notes de relevés"', []),
        ("calendrier", ["Calendrier"]),
        ("inscription -calendrier", ["Balise"]),
        ("helene dispense", ["Dispense"]),
        ("h.dispense@client.example", ["Dispense"]),
        ("zzzzqqqq", []),
        ("de la", []),
        ("' OR 1=1 --", []),
        ("a & | ! ( <-> :*", []),
    ],
)  # fmt: skip
def test_words_find_what_was_meant(sign: Any, world: World, query: str, found: list[str]) -> None:
    assert hits(sign("alice"), query) == found


def test_a_typo_is_read_as_the_nearest_word_and_that_is_said(sign: Any, world: World) -> None:
    page = sign("alice").get("/recherche/", {"q": "calendreir"}).content.decode()
    assert "Voici les résultats pour <strong>calendrier</strong>" in page
    assert hits(sign("alice"), "calendreir") == ["Calendrier"]


def test_snippets_are_escaped_and_marked(sign: Any, world: World) -> None:
    page = sign("alice").get("/recherche/", {"q": "inscription balise"}).content.decode()
    assert "<script>alert" not in page
    assert "<mark>" in page


def test_persons_are_found_by_name_and_address(sign: Any, world: World) -> None:
    for query in ("muller", "Hélène Müller", "muller helene", "h.releves"):
        page = sign("alice").get("/recherche/", {"q": query}).content.decode()
        assert "person-hits" in page, query
    assert "person-hits" not in sign("charlie").get("/recherche/", {"q": "muller"}).content.decode()


def test_a_reference_opens_its_conversation(sign: Any, world: World) -> None:
    taken = world.receive(mail(subject="Par référence", text="Bonjour"))
    for query in (f"PV-{taken.conversation_id:06d}", str(taken.conversation_id)):
        assert (
            f"/bureau/c/{taken.conversation_id}/"
            in sign("alice").get("/recherche/", {"q": query}).content.decode()
        )
        assert (
            f"/bureau/c/{taken.conversation_id}/"
            not in sign("charlie").get("/recherche/", {"q": query}).content.decode()
        )


def test_filters_narrow(sign: Any, world: World) -> None:
    line = str(world.lines["inscription"].pk)
    assert hits(sign("sophie"), "releve", ligne=line) == ["Relevés"]
    assert hits(sign("sophie"), "releve", ligne=str(world.lines["cpf"].pk)) == []
    assert hits(sign("sophie"), "releve", etat="closed") == []
    assert hits(sign("sophie"), "releve", etat="ouvert") == ["Relevés"]
    assert hits(sign("sophie"), "releve", du="2100-01-01") == []
    assert hits(sign("sophie"), "releve", conseiller=str(world.accounts["bob"].pk)) == []
    assert "Dispense" in hits(sign("sophie"), "", ligne=line, etat="ouvert")
    for wrong in ("abc", "-1", "9" * 30):
        assert (
            sign("sophie")
            .get("/recherche/", {"q": "releve", "ligne": wrong, "du": wrong, "motif": wrong})
            .status_code
            == 200
        )


def test_the_form_keeps_what_was_chosen(sign: Any, world: World) -> None:
    line, adviser = str(world.lines["inscription"].pk), str(world.accounts["bob"].pk)
    page = (
        sign("sophie")
        .get("/recherche/", {"q": "releve", "ligne": line, "conseiller": adviser})
        .content.decode()
    )
    assert len(re.findall(rf'<option value="{line}" selected>', page.split('id="f-state"')[0])) == 1
    assert len(re.findall(rf'<option value="{adviser}" selected>', page.split('id="f-adviser"')[1])) == 1


def test_pages_follow_one_another_without_gap_or_double(sign: Any, world: World) -> None:
    for number in range(45):
        world.receive(
            mail(subject=f"Lot {number}", text="pagination exhaustive", sender=f"l{number}@client.example")
        )
    found: list[str] = []
    address: str | None = "/recherche/?q=pagination"
    while address:
        page = sign("alice").get(address, headers={"HX-Request": "true"}).content.decode()
        found += re.findall(r"Lot \d+", page)
        more = re.search(r'hx-get="(/recherche/[^"]+apres=[^"]+)"', page)
        address = more[1].replace("&amp;", "&") if more else None
    assert len(found) == len(set(found)) == 45
