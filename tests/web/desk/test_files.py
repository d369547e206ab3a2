"""Foreign content through our pages: downloads that cannot run, the HTML of a mail in its cage."""

from __future__ import annotations

from typing import Any

from centre_world import World, mail

EVIL = """<html><body onload="alert(1)"><script>alert(2)</script><p>Bonjour</p><img src="https://tracker.example/p.gif">
<a href="javascript:alert(3)">lien</a><form action="https://evil.example"><input></form><iframe src="/"></iframe></body></html>"""


def test_the_original_is_byte_for_byte(sign: Any, world: World) -> None:
    raw = mail(subject="Octets") + b"\r\n\xff\xfe\x00fin"
    taken = world.held_by("alice", raw)
    answer = sign("alice").get(f"/bureau/m/{taken.message_id}/original.eml")
    assert answer.content == raw
    assert answer["Content-Disposition"].startswith("attachment;")


def test_an_attachment_cannot_run_as_a_page_of_ours(sign: Any, world: World) -> None:
    files = (
        ('a"b\r\nX: y.html', "text/html", b"<script>1</script>"),
        ("dessin.svg", "image/svg+xml", b"<svg onload='1'/>"),
    )
    taken = world.held_by(
        "alice",
        mail(files=tuple((name.replace("\r\n", " "), kind, content) for name, kind, content in files)),
    )
    row = world.conn.execute("select attachments from message where id = %s", [taken.message_id]).fetchone()
    assert row
    assert len(row["attachments"]) == 2
    for part, (_name, _kind, content) in zip(row["attachments"], files, strict=True):
        answer = sign("alice").get(f"/bureau/m/{taken.message_id}/piece/{part['part']}")
        assert answer.content == content
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]
    assert sign("alice").get(f"/bureau/m/{taken.message_id}/piece/99").status_code == 404


def test_html_is_cleaned_and_caged(sign: Any, world: World) -> None:
    taken = world.held_by("alice", mail(html=EVIL))
    page = sign("alice").get(f"/bureau/c/{taken.conversation_id}/")
    assert "<script>alert" not in page.content.decode()
    answer = sign("alice").get(f"/bureau/m/{taken.message_id}/html")
    body = answer.content.decode()
    assert "Bonjour" in body
    for evil in ("<script", "onload", "javascript:", "tracker.example", "<form", "<iframe"):
        assert evil not in body, evil
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "img-src data:;" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    with_images = sign("alice").get(f"/bureau/m/{taken.message_id}/html?images=1")
    assert "tracker.example" in with_images.content.decode()
    assert "https:" in with_images["Content-Security-Policy"]


def test_upload_attach_and_take_away(sign: Any, world: World) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    taken = world.held_by("alice")
    place = f"/bureau/c/{taken.conversation_id}/pieces"
    file = SimpleUploadedFile("../../evil.html", b"<script>1</script>", "text/html")
    page = sign("alice").post(place, {"fichiers": file}, headers={"HX-Request": "true"}).content.decode()
    row = world.conn.execute(
        "select id, name from upload where conversation_id = %s", [taken.conversation_id]
    ).fetchone()
    assert row
    assert "/" not in row["name"]
    assert str(row["id"]) in page
    answer = sign("alice").get(f"/bureau/pieces/{row['id']}")
    assert answer.content == b"<script>1</script>"
    assert answer["Content-Type"] == "application/octet-stream"
    big = SimpleUploadedFile("gros.bin", b"x" * (10 * 1024 * 1024 + 1))
    assert (
        "dépasse 10 Mo"
        in sign("alice").post(place, {"fichiers": big}, headers={"HX-Request": "true"}).content.decode()
    )
    sign("alice").post(f"/bureau/pieces/{row['id']}/retirer", headers={"HX-Request": "true"})
    assert world.conn.execute("select 1 from upload where id = %s", [row["id"]]).fetchone() is None
