"""Fixtures of the attacks: the small centre of the desk's tests, and Chromium."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from a11y.browser import chromium, context, page, site, static_root
from centre_world import World, mail
from web.desk.conftest import sign, world

__all__ = ["chromium", "context", "page", "sign", "site", "static_root", "world"]


@pytest.fixture(scope="module")
def ids(world: World) -> dict[str, Any]:
    """One of each thing that an address can name: a conversation of Alice's, its mail, file, person; a line; a door…"""
    from portevoix.actions import uploads
    from portevoix.web.records import models as m

    taken = world.held_by(
        "alice", mail(html="<b>Bonjour</b>", files=(("note.txt", "text/plain", b"secret"),))
    )
    row = world.conn.execute(
        "select c.person_id, m.attachments from conversation c join message m on m.conversation_id = c.id"
        " where m.id = %s",
        [taken.message_id],
    ).fetchone()
    assert row
    upload = uploads.add(
        world.conn, conversation_id=taken.conversation_id, account_id=world.accounts["alice"].pk,
        name="joint.txt", type="text/plain", content=b"secret", at=datetime.now(UTC),
    )  # fmt: skip
    line = world.lines["inscription"]
    skill = m.Skill.objects.create(slug="anglais", name="Anglais")
    view = m.SavedView.objects.create(account=world.accounts["alice"], name="À moi", query={"q": "x"})
    return {
        "conversation_id": taken.conversation_id, "message_id": taken.message_id, "contact_id": taken.contact_id,
        "person_id": row["person_id"], "part": row["attachments"][0]["part"], "upload_id": upload,
        "answer_id": m.SavedAnswer.objects.get().pk, "set_aside_id": 1, "view_id": view.pk, "name": "attente", "contract_id": 1, "study_id": 1,
        "alarm_id": 1, "account_id": world.accounts["bob"].pk,
        "line_id": line.pk, "door_id": m.Door.objects.get(line=line).pk, "subject_id": world.subjects["Délai"],
        "skill_id": skill.pk, "row_id": m.Organisation.objects.get(name="Maison").pk, "kind": "organisations",
        "exception_id": 1, "pause_id": 1, "season_id": 1, "import_id": 1, "aside_id": 1, "change_id": 1, "token": "x", "uidb64": "x", "status": 404,
        "missing": uuid.uuid4(),
    }  # fmt: skip


@pytest.fixture
def settings_mail(world: World) -> Any:
    """Mails of the accounts, once the threads that send them are done."""
    import threading

    from django.core import mail as box
    from django.core.cache import cache
    from django.test import override_settings

    def sent() -> list[Any]:
        for thread in threading.enumerate():
            if thread.name == "account-mail":
                thread.join(30)
        return list(getattr(box, "outbox", []))

    with override_settings(EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        box.outbox = []
        cache.clear()
        yield sent
        box.outbox = []
        cache.clear()
