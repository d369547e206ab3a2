"""The page most settings need: one form, one row, saved or shown again with what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from portevoix.web.centre.keeping import keeping, snapshot


def edit(
    request: HttpRequest,
    form: forms.ModelForm[Any],
    *,
    back: str,
    template: str = "centre/form.html",
    context: Mapping[str, Any] | None = None,
    said: str = "",
    line_id: int | None = None,
) -> HttpResponse:
    """Save a valid form and go ``back`` (an address, or one with ``{pk}``), else show the page.

    Build the form with ``request.POST or None``; the state before is read from the database, not the form.
    """
    if request.method == "POST" and form.is_valid():
        model: type[models.Model] = form._meta.model
        before = snapshot(model._default_manager.filter(pk=form.instance.pk).first())
        with keeping(request, said or _("Enregistré : %(name)s.") % {"name": form.instance}) as kept:
            row = form.save()
            kept.note(row, before, snapshot(row), line_id=line_id)
        return redirect(back.format(pk=row.pk))
    status = 422 if form.is_bound else 200
    return render(request, template, {"form": form, **(context or {})}, status=status)


def remove(request: HttpRequest, row: models.Model, *, back: str, said: str = "") -> HttpResponseRedirect:
    """Delete a row nothing else needs; the caller has checked that."""
    before, ref = snapshot(row), row.pk
    with keeping(request, said or _("Supprimé : %(name)s.") % {"name": row}) as kept:
        kept.note(row, before, {}, ref=ref)
        row.delete()
    return redirect(back)


def switch(
    request: HttpRequest, row: models.Model, field: str, value: bool, *, back: str, said: str
) -> HttpResponseRedirect:
    """Set one yes or no."""
    before = snapshot(row)
    with keeping(request, said) as kept:
        setattr(row, field, value)
        row.save(update_fields=[field])
        kept.note(row, before, snapshot(row))
    return redirect(back)
