"""People: accounts, what they answer and know; invited by a link, closed with their work set free."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.db.models import CharField, Count, Func, Q, Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from portevoix.actions import contacts
from portevoix.store import configuration as store
from portevoix.web.accounts.forms import NewPasswordForm
from portevoix.web.accounts.models import User
from portevoix.web.centre import invitation
from portevoix.web.centre.forms.people import PersonForm, set_lines, set_skills
from portevoix.web.centre.keeping import Kept, keeping, snapshot
from portevoix.web.centre.lent import lent
from portevoix.web.centre.rights import me
from portevoix.web.database import database, now
from portevoix.web.numbers import number
from portevoix.web.records.models import Line

_PAGE = 50


def listing(request: HttpRequest) -> HttpResponse:
    """Everybody, by name; found by name, address, line and state."""
    people = User.objects.select_related("organisation", "team").annotate(
        line_count=Count("line_links", distinct=True),
        plain_name=Func("full_name", function="plain", output_field=CharField()),
    )
    words = request.GET.get("q", "").strip()[:100]
    for word in words.split():
        people = people.filter(
            Q(plain_name__contains=Func(Value(word), function="plain")) | Q(email__icontains=word)
        )
    line = request.GET.get("ligne", "")
    if (line_id := number(line)) is not None:
        people = people.filter(line_links__line_id=line_id)
    closed = request.GET.get("etat") == "fermes"
    page = Paginator(people.filter(is_active=not closed).order_by("full_name", "pk"), _PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "here": "people", "page": page, "words": words, "lines": Line.objects.order_by("name"), "wanted": line, "closed": closed,
    }  # fmt: skip
    return render(request, "centre/people.html", context)


def create(request: HttpRequest) -> HttpResponse:
    """A new account; the invitation leaves at once."""
    form = PersonForm(request.POST or None, editor=me(request))
    if request.method == "POST" and form.is_valid():
        form.instance.set_unusable_password()
        with keeping(request, _("Le compte est ouvert.")) as kept:
            person = _save(form, kept, {})
        _told(request, person, invitation.invite(request, person))
        return redirect("centre:person", person.pk)
    return _page(request, form, _("Nouvelle personne"))


def change(request: HttpRequest, person_id: int) -> HttpResponse:
    """One account."""
    stored = get_object_or_404(User, pk=person_id)
    before = state_of(stored)
    form = PersonForm(
        request.POST or None, instance=get_object_or_404(User, pk=person_id), editor=me(request)
    )
    if request.method == "POST" and form.is_valid():
        with keeping(request, _("Le compte est enregistré.")) as kept:
            _save(form, kept, before)
        return redirect("centre:person", person_id)
    with database() as conn:
        work = store.row(conn, "work_of", account_id=person_id)
    return _page(
        request, form, stored.full_name, person=stored, work=work, myself=stored.pk == me(request).pk
    )


def state_of(person: User) -> dict[str, Any]:
    """The account with its lines and skills, for the history."""
    lines = sorted(person.line_links.values_list("line_id", flat=True))
    skills = {str(pk): level for pk, level in sorted(person.skill_links.values_list("skill_id", "level"))}
    return snapshot(person, lines=lines, skills=skills)


def _save(form: PersonForm, kept: Kept, before: dict[str, Any]) -> User:
    person = form.save()
    set_lines(person, form.chosen_lines())
    set_skills(person, form.chosen_skills())
    kept.note(person, before, state_of(person))
    return person


def _page(request: HttpRequest, form: PersonForm, title: str, **more: Any) -> HttpResponse:
    context = {"here": "people", "form": form, "title": title, **more}
    return render(request, "centre/person_form.html", context, status=422 if form.is_bound else 200)


def _told(request: HttpRequest, person: User, sent: invitation.Sent) -> None:
    if sent.sent:
        messages.success(
            request,
            _("Un lien pour choisir un mot de passe est envoyé à %(email)s.") % {"email": person.email},
        )
        return
    said = _(
        "Le courriel n’a pas pu partir (aucun relais, ou relais en panne). Transmettez vous-même ce lien :"
    )
    messages.warning(request, format_html('{} <code class="centre-link">{}</code>', said, sent.link))


@require_POST
def send_link(request: HttpRequest, person_id: int) -> HttpResponse:
    """The invitation again, or a new password."""
    person = get_object_or_404(User, pk=person_id, is_active=True)
    with keeping(request) as kept:
        kept.note(person, {"link": ""}, {"link": timezone.now().isoformat(timespec="seconds")})
    _told(request, person, invitation.invite(request, person))
    return redirect("centre:person", person_id)


@require_POST
def close(request: HttpRequest, person_id: int) -> HttpResponse:
    """Close an account: it signs in no more, and what it holds goes back to the queue in the same transaction."""
    person = get_object_or_404(User, pk=person_id)
    if person.pk == me(request).pk:
        messages.error(
            request, _("Vous ne pouvez pas fermer votre propre compte : demandez à un autre administrateur.")
        )
        return redirect("centre:person", person_id)
    before = state_of(person)
    with keeping(
        request,
        _("Le compte de %(name)s est fermé ; son travail est rendu à la file.") % {"name": person.full_name},
    ) as kept:
        person.is_active = False
        person.save(update_fields=["is_active"])
        kept.note(person, before, state_of(person))
        with lent() as conn:
            contacts.release_all(conn, person.pk, "account-closed", now(conn))
    return redirect("centre:person", person_id)


@require_POST
def reopen(request: HttpRequest, person_id: int) -> HttpResponse:
    """Open a closed account again, with its old password."""
    person = get_object_or_404(User, pk=person_id)
    before = state_of(person)
    with keeping(request, _("Le compte de %(name)s est rouvert.") % {"name": person.full_name}) as kept:
        person.is_active = True
        person.save(update_fields=["is_active"])
        kept.note(person, before, state_of(person))
    return redirect("centre:person", person_id)


@login_not_required
@sensitive_post_parameters()
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Opened by the invitation: choose a first password. The address is the secret, so it is told to nobody else."""
    person = invitation.opened(token)
    form = NewPasswordForm(person, request.POST or None) if person else None
    if person and form and request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Votre mot de passe est choisi. Vous pouvez vous connecter."))
        return redirect("accounts:sign-in")
    status = 404 if form is None else 422 if form.is_bound else 200
    response = render(request, "centre/welcome.html", {"person": person, "form": form}, status=status)
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
