"""Organisations on their own platform: handed over, returned by file or API, counted in the same figures, each only its own."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from centre_world import World, mail
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portevoix.actions import contacts, elsewhere, floor, handled
from portevoix.actions import elsewhere_results as results
from portevoix.store import elsewhere as store

PAGE = "/plateau/plateformes/"
API = "/plateau/api/"


def now() -> datetime:
    return datetime.now(UTC)


def text(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.content[:500]
    return str(answer.content.decode())


@pytest.fixture
def theirs(world: World) -> int:
    """Charlie's organisation answers on its own platform."""
    from portevoix.web.records.models import Contract

    organisation = world.accounts["charlie"].organisation
    Contract.objects.create(organisation=organisation, share=100, own_platform=True)
    return int(organisation.pk)


def given_to(world: World, organisation: int, count: int = 1) -> list[int]:
    """Contacts that the allocator gave to the organisation, handed over."""
    ids = []
    for number in range(count):
        taken = world.receive(mail(sender=f"P{number} <p{number}{organisation}@client.example>"))
        world.conn.execute(
            "insert into allocation (contact_id, line_id, channel, day, organisation_id, first, wider, may, why, at)"
            " select id, line_id, 'mail', now()::date, %s, array[%s], '[]', array[%s], '[]', now() from contact where id = %s",
            [organisation, organisation, organisation, taken.contact_id],
        )
        world.conn.execute(
            "update contact set received_at = now() - interval '2 hours' where id = %s", [taken.contact_id]
        )
        ids.append(taken.contact_id)
    assert elsewhere.hand_over(world.conn, now()) == ids
    return ids


def result(contact: int, **other: Any) -> dict[str, Any]:
    return {
        "contact": f"PV-{contact:06}", "their_id": f"N-{contact}", "handling_s": "240", "ending": "done", "outcome": "répondu",
        "answered_at": (now() - timedelta(hours=1)).isoformat(timespec="seconds"),
    } | other  # fmt: skip


def sheet(*rows: dict[str, Any]) -> io.BytesIO:
    told = io.StringIO()
    writer = csv.DictWriter(told, results.FIELDS, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    made = io.BytesIO(told.getvalue().encode())
    made.name = "jour.csv"
    return made


def states(world: World, ids: list[int]) -> list[str]:
    return [contacts.get(world.conn, one)["state"] for one in ids]


def test_what_is_given_to_them_is_handed_over_and_what_they_return_counts_like_any_work(
    world: World, sign: Any, theirs: int
) -> None:
    one, two = given_to(world, theirs, 2)
    assert states(world, [one, two]) == ["active", "active"]
    page = sign("manon")
    assert "Confiés, pas encore rendus" in text(page.get(PAGE))
    assert f"{one};" in text(page.get(f"{PAGE}{theirs}.csv"))
    answer = page.post(
        f"{PAGE}{theirs}/resultats",
        {"fichier": sheet(result(one), result(two, handling_s="60"))},
        follow=True,
    )
    assert "2 traités" in text(answer)
    assert states(world, [one, two]) == ["closed", "closed"]
    while handled.learn(world.conn):
        pass
    rows = world.conn.execute(
        "select organisation_id, seconds, ending, in_target from handling where contact_id = any(%s) order by contact_id",
        [[one, two]],
    ).fetchall()
    assert [(row["organisation_id"], row["seconds"], row["ending"]) for row in rows] == [
        (theirs, 240, "closed"),
        (theirs, 60, "closed"),
    ]
    assert text(sign("sophie").get("/plateau/coherence/"))


def test_the_same_file_again_changes_nothing_and_another_value_is_a_correction(
    world: World, sign: Any, theirs: int
) -> None:
    (one,) = given_to(world, theirs)
    page, address = sign("manon"), f"{PAGE}{theirs}/resultats"
    first = result(one)
    page.post(address, {"fichier": sheet(first)})
    assert "1 déjà connus" in text(page.post(address, {"fichier": sheet(first)}, follow=True))
    while handled.learn(world.conn):
        pass
    assert "1 corrigés" in text(
        page.post(address, {"fichier": sheet({**first, "handling_s": "99"})}, follow=True)
    )
    row = world.conn.execute("select seconds from handling where contact_id = %s", [one]).fetchone()
    assert row == {"seconds": 99}
    events = world.conn.execute(
        "select count(*) as n from event where contact_id = %s and kind = 'contact-closed'", [one]
    )
    assert events.fetchone() == {"n": 1}


def test_what_they_give_back_waits_for_somebody_else(world: World, theirs: int) -> None:
    (one,) = given_to(world, theirs)
    results.take_in(world.conn, theirs, list(enumerate([result(one, ending="returned")], 1)), "api", now())
    assert states(world, [one]) == ["waiting"]
    assert elsewhere.hand_over(world.conn, now()) == []
    contacts.take(world.conn, one, world.accounts["alice"].pk, now())


MISTAKES = [
    ({"contact": "x"}, "contact", "number"),
    ({"contact": "999999"}, "contact", "not-yours"),
    ({"contact": "1"}, "contact", "contact-twice"),
    ({"their_id": "N-1"}, "their_id", "twice"),
    ({"their_id": ""}, "their_id", "words"),
    ({"answered_at": "yesterday"}, "answered_at", "moment"),
    ({"answered_at": "2026-11-25T10:00:00"}, "answered_at", "moment"),
    ({"answered_at": "2190-01-01T00:00:00+00:00"}, "answered_at", "future"),
    ({"answered_at": "2001-01-01T00:00:00+00:00"}, "answered_at", "before"),
    ({"handling_s": "-1"}, "handling_s", "seconds"),
    ({"handling_s": "nan"}, "handling_s", "seconds"),
    ({"ending": "perhaps"}, "ending", "ending"),
    ({"outcome": "x" * 201}, "outcome", "long"),
    ({"colour": "red"}, "colour", "unknown"),
]


@pytest.mark.parametrize(("wrong", "field", "code"), MISTAKES)
def test_one_mistake_and_nothing_is_taken_in(
    world: World, theirs: int, wrong: dict[str, str], field: str, code: str
) -> None:
    one, two = given_to(world, theirs, 2)
    with pytest.raises(results.WrongResults) as told:
        results.take_in(
            world.conn, theirs, list(enumerate([result(one), result(two) | wrong], 1)), "api", now()
        )
    assert results.Mistake(2, field, code) in told.value.mistakes
    assert states(world, [one, two]) == ["active", "active"]
    assert world.conn.execute("select count(*) as n from elsewhere_result").fetchone() == {"n": 0}


def test_the_page_says_line_and_field_and_takes_the_right_ones_when_asked(
    world: World, sign: Any, theirs: int
) -> None:
    one, two = given_to(world, theirs, 2)
    page, address = sign("manon"), f"{PAGE}{theirs}/resultats"
    empty = dict.fromkeys(results.FIELDS, "") | {"contact": str(two)}
    rows = (result(one, outcome="deux\nlignes"), empty, result(two, handling_s="long"))
    shown = text(page.post(address, {"fichier": sheet(*rows)}), 422)
    assert "Ligne 5, handling_s : un nombre de secondes" in shown
    assert states(world, [one, two]) == ["active", "active"]
    shown = text(page.post(address, {"fichier": sheet(*rows), "justes": "1"}, follow=True))
    assert "1 traités" in shown
    assert "1 lignes avec une erreur" in shown
    assert states(world, [one, two]) == ["closed", "active"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode))
def test_no_file_breaks_the_reading(content: bytes) -> None:
    for head in (b"", b"contact;their_id;answered_at;handling_s;ending;outcome\r\n"):
        with contextlib.suppress(results.WrongResults):
            rows = results.parse(head + content)
            found, mistakes = results.read(rows, now())
            assert len(found) + len({one.row for one in mistakes}) == len(rows)


def token(world: World, organisation: int) -> dict[str, str]:
    made = elsewhere.make_token(world.conn, organisation, "leur CRM", world.accounts["admin"].pk, now())
    return {"Authorization": f"Bearer {made}"}


def test_their_program_reads_what_it_has_and_returns_results(world: World, sign: Any, theirs: int) -> None:
    one, two = given_to(world, theirs, 2)
    page, head = sign(""), token(world, theirs)
    told = json.loads(text(page.get(API + "confies", headers=head)))
    assert [row["contact"] for row in told["contacts"]] == [one, two]
    assert told["contacts"][0]["messages"][0]["text"]
    body = json.dumps({"results": [result(one), result(two)]})
    answer = page.post(API + "resultats", body, content_type="application/json", headers=head)
    assert json.loads(text(answer)) == {"done": 2, "returned": 0, "corrected": 0, "unchanged": 0}
    wrong = json.dumps({"results": [result(one, ending="x")]})
    told = json.loads(
        text(page.post(API + "resultats", wrong, content_type="application/json", headers=head), 422)
    )
    assert told["mistakes"] == [
        {"result": 1, "field": "ending", "code": "ending", "expected": "done or returned"}
    ]
    for body in ("", "[]", "{", '{"results": 3}', '{"results": [3]}', "null"):
        assert (
            page.post(API + "resultats", body, content_type="application/json", headers=head).status_code
            == 400
        )


def test_a_token_opens_one_organisations_contacts_and_nothing_else(
    world: World, sign: Any, theirs: int
) -> None:
    from portevoix.web.records.models import Contract, Organisation

    other = Organisation.objects.create(name="Ouest", kind="outsourcer")
    Contract.objects.create(organisation=other, share=10, own_platform=True)
    (mine,) = given_to(world, theirs)
    page, head = sign(""), token(world, other.pk)
    assert json.loads(text(page.get(API + "confies", headers=head)))["contacts"] == []
    body = json.dumps({"results": [result(mine)]})
    told = json.loads(
        text(page.post(API + "resultats", body, content_type="application/json", headers=head), 422)
    )
    assert told["mistakes"][0]["code"] == "not-yours"
    assert states(world, [mine]) == ["active"]
    for path in (PAGE, "/plateau/", "/bureau/", "/reglages/"):
        assert page.get(path, headers=head).status_code == 302
    for bad in (
        {},
        {"Authorization": "Bearer pv_x"},
        {"Authorization": "Bearer"},
        {"Authorization": head["Authorization"][7:]},
    ):
        assert page.get(API + "confies", headers=bad).status_code == 401
    (row,) = store.rows(world.conn, "tokens", organisation=other.pk)
    sign("admin").post(f"{PAGE}jetons/{row['id']}/retirer")
    assert page.get(API + "confies", headers=head).status_code == 401


def test_only_the_house_and_its_own_manager_see_a_platform(world: World, sign: Any, theirs: int) -> None:
    from portevoix.web.records.models import Contract, Organisation

    other = Organisation.objects.create(name="Ouest", kind="outsourcer")
    Contract.objects.create(organisation=other, share=10, own_platform=True)
    (one,) = given_to(world, theirs)
    assert "Ouest" in text(sign("sophie").get(PAGE))
    manon = sign("manon")
    assert "Ouest" not in text(manon.get(PAGE))
    assert manon.get(f"{PAGE}{other.pk}.csv").status_code == 404
    assert manon.post(f"{PAGE}{other.pk}/resultats", {"fichier": sheet(result(one))}).status_code == 404
    manon.post(f"{PAGE}{theirs}/jetons", {"nom": "à moi"})
    assert store.rows(world.conn, "tokens", organisation=None) == []
    for who in ("alice", "charlie"):
        assert sign(who).get(PAGE).status_code == 403
        assert sign(who).post(f"{PAGE}{theirs}/resultats", {"fichier": sheet(result(one))}).status_code in (
            302,
            403,
        )
    assert states(world, [one]) == ["active"]


def test_a_token_is_shown_once_and_kept_as_a_hash(world: World, sign: Any, theirs: int) -> None:
    page = sign("admin")
    shown = text(page.post(f"{PAGE}{theirs}/jetons", {"nom": "leur CRM"}))
    made = shown.split("<code>")[1].split("</code>")[0]
    assert made.startswith("pv_")
    assert made not in text(page.get(PAGE))
    row = world.conn.execute("select encode(hash, 'hex') as hash from elsewhere_token").fetchone()
    assert row
    assert made not in row["hash"]


def test_what_does_not_come_back_asks_for_somebody(world: World, sign: Any, theirs: int) -> None:
    (one,) = given_to(world, theirs)
    world.conn.execute("update seat set since = now() - interval '25 hours' where contact_id = %s", [one])
    assert "confié depuis plus d’un jour" in text(sign("sophie").get(PAGE))
    sign("sophie").post(f"/plateau/contacts/{one}/reprendre")
    assert states(world, [one]) == ["waiting"]


def watched(world: World) -> set[str]:
    floor.watch(world.conn, now())
    return {row["kind"] for row in world.conn.execute("select kind from alarm where ended_at is null")}


def test_what_was_taken_back_is_for_others_and_the_alarm_ends(world: World, sign: Any, theirs: int) -> None:
    (one,) = given_to(world, theirs)
    assert "away" not in watched(world)
    world.conn.execute("update seat set since = now() - interval '25 hours' where contact_id = %s", [one])
    assert "away" in watched(world)
    assert "Confié à une plateforme depuis plus d’un jour" in text(sign("sophie").get("/plateau/"))
    sign("sophie").post(f"/plateau/contacts/{one}/reprendre")
    assert "away" not in watched(world)
    assert elsewhere.hand_over(world.conn, now()) == []
    house = world.accounts["alice"].organisation_id
    row = world.conn.execute(
        "select organisation_id, first, may from allocation where contact_id = %s", [one]
    )
    assert row.fetchone() == {"organisation_id": theirs, "first": [house], "may": [theirs, house]}


def test_what_came_while_every_platform_was_closed_is_shared_when_they_open(
    world: World, theirs: int
) -> None:
    from portevoix.web.records.models import Contract, Organisation

    other = Organisation.objects.create(name="Ouest", kind="outsourcer")
    Contract.objects.create(organisation=other, share=300, own_platform=True)
    why = [{"organisation": one, "code": "closed"} for one in (theirs, other.pk)]
    for number in range(40):
        taken = world.receive(mail(sender=f"N{number} <n{number}@client.example>"))
        world.conn.execute(
            "insert into allocation (contact_id, line_id, channel, day, organisation_id, first, wider, may, why, at)"
            " select id, line_id, 'mail', now()::date, null, %(may)s, '[]', %(may)s, %(why)s, now() from contact where id = %(id)s",
            {"may": [theirs, other.pk], "why": json.dumps(why), "id": taken.contact_id},
        )
    Contract.objects.update(hours="")
    assert len(elsewhere.hand_over(world.conn, now())) == 40
    rows = world.conn.execute("select organisation_id, count(*) as n from allocation group by 1").fetchall()
    had = {row["organisation_id"]: row["n"] for row in rows}
    assert abs(had[other.pk] - 30) <= 1


def test_what_waits_for_people_of_the_house_is_left_to_them(world: World, theirs: int) -> None:
    taken = world.receive(mail())
    house = world.accounts["alice"].organisation_id
    world.conn.execute(
        "insert into allocation (contact_id, line_id, channel, day, organisation_id, first, wider, may, why, at)"
        " select id, line_id, 'mail', now()::date, null, %(may)s, '[]', %(may)s, %(why)s, now() from contact where id = %(id)s",
        {
            "may": [theirs, house],
            "why": json.dumps([{"organisation": theirs, "code": "closed"}]),
            "id": taken.contact_id,
        },
    )
    assert elsewhere.hand_over(world.conn, now()) == []
