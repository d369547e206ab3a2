"""The configuration as one file: out, and in again after a look at what would change."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portevoix.web.centre.exporting import configuration
from portevoix.web.centre.importing import whole
from portevoix.web.centre.importing.reading import LARGEST, Problem
from portevoix.web.centre.models import ConfigImport
from portevoix.web.centre.rights import me

_SHOWN = 50


def page(request: HttpRequest) -> HttpResponse:
    """Out and in, and what was taken in."""
    return _page(request)


def _page(request: HttpRequest, problems: list[Problem] | None = None, name: str = "") -> HttpResponse:
    done = ConfigImport.objects.exclude(applied_at=None).select_related("actor").defer("content", "before")
    context = {
        "here": "transfer", "imports": done, "problems": (problems or [])[:_SHOWN], "more": len(problems or []) - _SHOWN,
        "name": name,
    }  # fmt: skip
    return render(request, "centre/transfer.html", context, status=422 if problems else 200)


def export(request: HttpRequest) -> HttpResponse:
    """The file; with people when asked."""
    text = json.dumps(configuration(people=request.GET.get("personnes") == "1"), ensure_ascii=False, indent=2)
    return _file(text + "\n", f"portevoix-{timezone.localdate():%Y-%m-%d}.json")


def _file(text: str, name: str) -> HttpResponse:
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
def hand_in(request: HttpRequest) -> HttpResponse:
    """A file: what is wrong with it, or the page that shows what it would change."""
    given = request.FILES.get("fichier")
    if not isinstance(given, UploadedFile):
        return _page(request, [Problem(0, _("Choisissez un fichier."))])
    content = given.read(LARGEST + 1)
    trial = whole.try_out(content, me(request))
    if trial.problems:
        return _page(request, trial.problems, str(given.name))
    row = whole.hand_in(str(given.name), content, me(request))
    return redirect("centre:import", row.pk)


def review(request: HttpRequest, import_id: int) -> HttpResponse:
    """What the file would change; POST applies it, if it still would change just that."""
    row = get_object_or_404(ConfigImport, pk=import_id, applied_at=None)
    trial = whole.try_out(row.content.encode(), me(request))
    return _review(request, row, trial, whole.apply, _("La configuration du fichier est appliquée."))


def undo(request: HttpRequest, import_id: int) -> HttpResponse:
    """What taking an import back would change; POST does it."""
    row = get_object_or_404(ConfigImport, pk=import_id, applied_at__isnull=False, undone_at=None)
    trial = whole.try_undo(row, me(request))
    return _review(request, row, trial, whole.undo, _("La configuration d’avant est rétablie."))


def _review(
    request: HttpRequest, row: ConfigImport, trial: whole.Trial, work: Any, said: str
) -> HttpResponse:
    changed_since = False
    problems = trial.problems
    if request.method == "POST" and not problems:
        changed_since = request.POST.get("mark") != trial.mark
        if not changed_since:
            try:
                done = work(row.pk, me(request))
            except whole.Refused as refused:
                problems = refused.problems
            else:
                if done is None:
                    messages.info(request, _("C’est déjà fait."))
                else:
                    messages.success(request, said)
                return redirect("centre:transfer")
    context = {
        "here": "transfer", "row": row, "trial": trial, "problems": problems[:_SHOWN], "undoing": row.applied_at is not None,
        "changed_since": changed_since,
    }  # fmt: skip
    status = 422 if problems else 409 if changed_since else 200
    return render(request, "centre/import_review.html", context, status=status)


def before(_request: HttpRequest, import_id: int) -> HttpResponse:
    """The export kept from just before an import."""
    row = get_object_or_404(ConfigImport, pk=import_id, applied_at__isnull=False)
    text = json.dumps(row.before, ensure_ascii=False, indent=2)
    return _file(text + "\n", f"portevoix-avant-{row.pk}.json")
