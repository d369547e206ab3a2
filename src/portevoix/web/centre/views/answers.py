"""Saved answers: texts kept for reuse, with variables, tried out before anybody sends them."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from portevoix.domain import answers
from portevoix.web.centre.forms.simple import AnswerForm
from portevoix.web.centre.plain import edit, switch
from portevoix.web.centre.rights import me, my_lines, of_lines
from portevoix.web.numbers import number
from portevoix.web.records.models import Line, SavedAnswer

MEANINGS = {
    "prenom": gettext_lazy("prénom de la personne"),
    "nom": gettext_lazy("nom de famille de la personne"),
    "conseiller": gettext_lazy("nom du conseiller montré aux usagers"),
    "ligne": gettext_lazy("nom de la ligne"),
    "date": gettext_lazy("date du jour"),
    "reference": gettext_lazy("référence de la conversation"),
}


def sample(line: str, language: str, adviser: str) -> dict[str, str]:
    """An invented person, for the preview."""
    today = timezone.localdate()
    return {
        "prenom": "Camille", "nom": "Martin", "conseiller": adviser, "ligne": line,
        "date": answers.day(today.year, today.month, today.day, language), "reference": answers.reference(1234),
    }  # fmt: skip


def listing(request: HttpRequest) -> HttpResponse:
    """Those of one's lines, and those of every line."""
    lines = my_lines(me(request))
    rows = SavedAnswer.objects.filter(of_lines(lines) | Q(line=None)).select_related("line")
    wanted = request.GET.get("ligne", "")
    if (line_id := number(wanted)) is not None:
        rows = rows.filter(Q(line_id=line_id) | Q(line=None))
    known = (
        Line.objects.order_by("name") if lines is None else Line.objects.filter(pk__in=lines).order_by("name")
    )
    context = {
        "here": "answers",
        "rows": rows.order_by("-active", "title"),
        "lines": known,
        "wanted": wanted,
        "all": lines is None,
    }
    return render(request, "centre/answers.html", context)


def create(request: HttpRequest) -> HttpResponse:
    """A new answer."""
    form = AnswerForm(request.POST or None, lines=my_lines(me(request)))
    return _edit(request, form, _("Nouvelle réponse"))


def change(request: HttpRequest, answer_id: int) -> HttpResponse:
    """One answer of one's lines; those of every line belong to administrators."""
    lines = my_lines(me(request))
    row = get_object_or_404(SavedAnswer, of_lines(lines), pk=answer_id)
    return _edit(request, AnswerForm(request.POST or None, instance=row, lines=lines), row.title)


def _edit(request: HttpRequest, form: AnswerForm, title: str) -> HttpResponse:
    row = form.instance
    shown = _filled(
        row.body, row.line.name if row.line_id and row.line else "", row.language, me(request).shown_name
    )
    return edit(
        request,
        form,
        back=reverse("centre:answers"),
        template="centre/answer_form.html",
        context={"here": "answers", "title": title, "variables": MEANINGS.items(), **shown},
        said=_("La réponse est enregistrée."),
        line_id=row.line_id,
    )


def _filled(body: str, line: str, language: str, adviser: str) -> dict[str, object]:
    text, unknown = answers.fill(body, sample(line or _("la ligne"), language, adviser))
    return {"text": text, "unknown": unknown}


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The text as typed so far, filled for an invented person."""
    chosen = number(request.POST.get("line", "")) or 0
    line = Line.objects.filter(of_lines(my_lines(me(request)), "pk"), pk=chosen).first()
    language = "en" if request.POST.get("language") == "en" else "fr"
    body = request.POST.get("body", "")[:20000]
    context = _filled(body, line.name if line else "", language, me(request).shown_name)
    return render(request, "centre/answer_preview.html", context)


@require_POST
def activate(request: HttpRequest, answer_id: int, active: bool) -> HttpResponse:
    """Offer it to advisers, or no longer."""
    row = get_object_or_404(SavedAnswer, of_lines(my_lines(me(request))), pk=answer_id)
    said = _("« %(name)s » est proposée.") if active else _("« %(name)s » n’est plus proposée.")
    return switch(
        request, row, "active", active, back=reverse("centre:answers"), said=said % {"name": row.title}
    )
