"""How a line's work finds its people."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from portevoix.web.centre.forms.routing import RoutingForm
from portevoix.web.centre.plain import edit
from portevoix.web.records.models import Line


def of_line(request: HttpRequest, line_id: int) -> HttpResponse:
    """What waiting costs on this line, who is kept free for its calls, how its requirements widen."""
    line = get_object_or_404(Line, pk=line_id)
    return edit(
        request,
        RoutingForm(request.POST or None, instance=get_object_or_404(Line, pk=line_id)),
        back=reverse("centre:line-routing", args=[line_id]),
        template="centre/line_routing.html",
        context={"here": "lines", "tab": "line-routing", "line": line},
        said=_("L’acheminement de la ligne est enregistré."),
        line_id=line_id,
    )
