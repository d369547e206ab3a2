"""What a stranger wrote is shown, never run: names, subjects, texts, file names, HTML, in every page that shows them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from attacks.hostile import FILES, MARK, TAGS, hostile
from attacks.routes import addresses
from centre_world import World

#: Where a browser would run or fetch something.
EVENTS = "on"
LINKS = {"href", "src", "action", "formaction", "data", "xlink:href", "srcdoc", "background", "poster"}


class Finder(HTMLParser):
    """Collects what of a stranger's text became markup."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        for name, value in attrs:
            if name.startswith(EVENTS) or (
                name in LINKS and (value or "").strip().lower().startswith("javascript:")
            ):
                self.found.append(f"<{tag} {name}={value}>")
        if tag in ("svg", "img", "b", "a", "iframe", "object", "embed", "form", "base", "meta") and any(
            MARK in (value or "") and name not in ("href", "title", "aria-label", "alt")
            for name, value in attrs
        ):
            self.found.append(f"<{tag} {attrs}>")

    def handle_data(self, data: str) -> None:
        if self.inside in ("script", "style") and MARK in data:
            self.found.append(f"<{self.inside}>{data[:80]}")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""


def markup(page: str) -> list[str]:
    finder = Finder()
    finder.feed(page)
    return finder.found


@pytest.fixture(scope="module")
def taken(world: World, ids: dict[str, Any]) -> list[Any]:
    """One hostile conversation per tag, held by Alice; and hostile words of colleagues and administrators."""
    from portevoix.store.intake import set_aside
    from portevoix.web.records import models as m

    made = [world.held_by("alice", hostile(tag, at)) for at, tag in enumerate(TAGS)]
    evil = TAGS[0]
    from datetime import UTC, datetime

    from portevoix.actions import messages

    for one in made[:2]:
        messages.note(
            world.conn, conversation_id=one.conversation_id, account_id=world.accounts["alice"].pk, body=evil,
            at=datetime.now(UTC),
        )  # fmt: skip
    set_aside(
        world.conn, door_id=None, at=datetime.now(UTC), sender=evil, recipient=evil, reason=evil, sha256=b"3" * 32,
        content=b"From: x\r\n\r\n<script>stolen(1)</script>",
    )  # fmt: skip
    line = world.lines["inscription"]
    m.SavedAnswer.objects.create(line=line, title=evil, body=f"{evil} {{{{ prenom }}}}")
    m.Subject.objects.create(line=line, name=evil)
    m.Team.objects.create(organisation=m.Organisation.objects.get(name="Maison"), name=evil)
    m.SavedView.objects.create(account=world.accounts["alice"], name=evil, query={"q": evil})
    world.accounts["eve"].full_name = f"Eve {TAGS[2]}"
    world.accounts["eve"].save()
    return made


def test_markup_is_found() -> None:
    for tag in (*TAGS[:3], *TAGS[4:]):
        assert markup(f"<title>{tag}</title><textarea>{tag}</textarea><p>{tag}</p>"), tag
    assert not markup("<p>&lt;img src=x onerror=stolen(1)&gt;</p>")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("who", ["alice", "sophie", "admin"])
def test_no_page_runs_what_was_written(
    sign: Any, world: World, ids: dict[str, Any], taken: list[Any], who: str
) -> None:
    client = sign(who)
    shown = 0
    for at, one in enumerate(taken):
        person = world.conn.execute(
            "select person_id from conversation where id = %s", [one.conversation_id]
        ).fetchone()
        assert person
        here = ids | {
            "conversation_id": one.conversation_id, "message_id": one.message_id, "contact_id": one.contact_id,
            "person_id": person["person_id"], "account_id": world.accounts["eve"].pk,
        }  # fmt: skip
        for name, path in addresses(here):
            if at and not name.startswith("desk:"):
                continue
            for query in ("", "?q=piège relevé&qui=pirate"):
                answer = client.get(path + query)
                if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                    page = answer.content.decode()
                    assert markup(page) == [], (name, query)
                    shown += "stolen" in page
                    policy = answer["Content-Security-Policy"]
                    assert "default-src" in policy
                    assert "unsafe-inline" not in policy.partition("style-src")[0], name
    assert shown > 3


def test_marks_of_the_search_are_ours_only(sign: Any, world: World, taken: list[Any]) -> None:
    page = sign("alice").get("/recherche/?q=relevé").content.decode()
    assert "<mark>" in page
    assert markup(page) == []
    assert "\x02" not in page
    assert "\x03" not in page
    assert page.count("<mark>") == page.count("</mark>")


def test_whatever_a_file_says_it_is_it_is_a_download(sign: Any, world: World, taken: list[Any]) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    one = taken[0]
    row = world.conn.execute("select attachments from message where id = %s", [one.message_id]).fetchone()
    assert row
    assert len(row["attachments"]) >= len(FILES)
    paths = [f"/bureau/m/{one.message_id}/piece/{part['part']}" for part in row["attachments"]]
    paths.append(f"/bureau/m/{one.message_id}/original.eml")
    for name, type_, content in FILES:
        sign("alice").post(
            f"/bureau/c/{one.conversation_id}/pieces", {"fichiers": SimpleUploadedFile(name, content, type_)}
        )
    uploads = world.conn.execute(
        "select id, name from upload where conversation_id = %s", [one.conversation_id]
    ).fetchall()
    assert len(uploads) == len(FILES)
    for upload in uploads:
        assert "/" not in upload["name"]
        assert "\\" not in upload["name"]
        assert not upload["name"].startswith(".")
    paths += [f"/bureau/pieces/{upload['id']}" for upload in uploads]
    for path in paths:
        answer = sign("alice").get(path, {"inline": "1", "type": "text/html", "download": "0"})
        assert answer.status_code == 200, path
        assert answer["Content-Disposition"].startswith("attachment; "), path
        assert "\n" not in answer["Content-Disposition"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
        assert "allow-" not in answer["Content-Security-Policy"]
        assert answer["Content-Type"].split("/")[0] != "text", path
        assert not answer["Content-Type"].endswith(("xml", "javascript")), path


@pytest.mark.parametrize(
    "path",
    ["/static/../../etc/passwd", "/static/..%2f..%2fetc/passwd", "/static/%2e%2e/%2e%2e/etc/passwd", "/static//etc/passwd",
     "/bureau/m/1/piece/..%2f..%2fetc%2fpasswd", "/static/....//....//etc/passwd", "/static/vendor/..%5c..%5cwin.ini"],
)  # fmt: skip
def test_no_path_leads_out_of_the_static_files(sign: Any, world: World, path: str) -> None:
    answer = sign("alice").get(path)
    assert answer.status_code in (400, 404)
    assert b"root:" not in answer.content
