"""The configuration as one file."""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from portevoix.web.centre.exporting import configuration


def page(request: HttpRequest) -> HttpResponse:
    """Says what the file holds."""
    return render(request, "centre/transfer.html", {"here": "transfer"})


def export(request: HttpRequest) -> HttpResponse:
    """The file; with people when asked."""
    text = json.dumps(configuration(people=request.GET.get("personnes") == "1"), ensure_ascii=False, indent=2)
    response = HttpResponse(text + "\n", content_type="application/json; charset=utf-8")
    name = f"portevoix-{timezone.localdate():%Y-%m-%d}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
