"""What can be downloaded or framed: mails byte for byte, attachments, the HTML of a mail. All foreign, all inert."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from portevoix.actions import access
from portevoix.channels.mail.safehtml import safe_html
from portevoix.channels.mail.understand import extract, understand
from portevoix.store import desk
from portevoix.web.desk.page import Page, desk_view

if TYPE_CHECKING:
    import uuid

    from django.http import HttpResponseBase

#: A downloaded file must not run as a page of ours, whatever it is.
_SANDBOX = "sandbox; default-src 'none'"
_INLINE_BYTES = 8 * 1024 * 1024
_IMAGES = {"image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp"}


def download(content: bytes, name: str, type_: str = "application/octet-stream") -> HttpResponse:
    """A file to keep, never to show: attachment, no sniffing, sandboxed."""
    plain = re.sub(r"[^\w.() -]", "_", name, flags=re.ASCII)[:120] or "fichier"
    safe_type = type_ if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,60}", type_) else "application/octet-stream"
    if safe_type.startswith("text/") or safe_type in (
        "image/svg+xml",
        "application/xhtml+xml",
        "application/xml",
    ):
        safe_type = "application/octet-stream"
    return HttpResponse(
        content,
        content_type=safe_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name[:200], safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": _SANDBOX,
            "Cache-Control": "private, no-store",
        },
    )


@require_GET
@desk_view
def original(page: Page, message_id: int) -> HttpResponseBase:
    """The mail as it came, or as it left, byte for byte."""
    return download(
        access.raw(page.conn, page.who, message_id), f"message-{message_id}.eml", "message/rfc822"
    )


@require_GET
@desk_view
def set_aside_original(page: Page, set_aside_id: int) -> HttpResponseBase:
    """A mail that could not be taken in."""
    content = access.set_aside(page.conn, page.who, set_aside_id)
    return download(content, f"mis-de-cote-{set_aside_id}.eml", "message/rfc822")


@require_GET
@desk_view
def attachment(page: Page, message_id: int, part: str) -> HttpResponseBase:
    """An attachment of a mail."""
    message = access.message(page.conn, page.who, message_id)
    found = next((one for one in message["attachments"] if one.get("part") == part), None)
    if found is None:
        raise Http404
    try:
        content = extract(access.raw(page.conn, page.who, message_id), part)
    except KeyError:
        raise Http404 from None
    return download(content, found.get("name", ""), found.get("type", ""))


@require_GET
@desk_view
def upload(page: Page, upload_id: uuid.UUID) -> HttpResponseBase:
    """A file that a colleague attached."""
    found = access.upload(page.conn, page.who, upload_id)
    row = desk.row(page.conn, "upload_content", id=upload_id)
    if row is None:
        raise Http404
    return download(bytes(row["content"]), found["name"], found["type"])


_FRAME = """<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title><base target="_blank">
<style>html{{color-scheme:light}}body{{margin:8px;font:16px/1.5 sans-serif;color:#1a232b;background:#fff;overflow-wrap:anywhere}}
img{{max-width:100%;height:auto}}table{{max-width:100%}}pre{{white-space:pre-wrap}}</style></head><body>{body}</body></html>"""


def _inline(raw: bytes, attachments: list[dict[str, Any]]) -> dict[str, str]:
    """Pictures that stand in the text, as data: the frame has no origin, so its requests would carry no session."""
    found: dict[str, str] = {}
    room = _INLINE_BYTES
    for one in attachments:
        if not one.get("cid") or one.get("type") not in _IMAGES or one.get("size", 0) > room:
            continue
        try:
            content = extract(raw, one["part"])
        except KeyError:
            continue
        room -= len(content)
        found[one["cid"]] = f"data:{one['type']};base64,{base64.b64encode(content).decode()}"
    return found


@xframe_options_sameorigin
@require_GET
@desk_view
def html(page: Page, message_id: int) -> HttpResponseBase:
    """The HTML of a mail, cleaned, for a sandboxed frame: no script, no form, nothing from afar unless asked for."""
    message = access.message(page.conn, page.who, message_id)
    if not message["html"]:
        raise Http404
    images = page.request.GET.get("images") == "1"
    raw = access.raw(page.conn, page.who, message_id)
    mail = understand(raw)
    body = safe_html(mail.html or "", images=images, cid=_inline(raw, message["attachments"]))
    if body is None:
        body = (
            "<p>"
            + _(
                "Cette mise en forme est trop lourde pour être montrée. Le texte se trouve dans la conversation."
            )
            + "</p>"
        )
    sources = "data:" + (" http: https:" if images else "")
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {sources}; "
        "sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    )
    language = (message["facts"] or {}).get("language") or "fr"
    content = _FRAME.format(
        lang=re.sub(r"[^a-z-]", "", str(language).lower()) or "fr", title=_("Message mis en forme"), body=body
    )
    return HttpResponse(
        content, headers={"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
    )
