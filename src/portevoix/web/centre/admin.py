"""Django's own admin pages over the configuration: the fallback for repairs. What is saved there is told too."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone

from portevoix.actions import configuration
from portevoix.web.centre.lent import lent
from portevoix.web.centre.models import ConfigChange
from portevoix.web.records import models


class Told(admin.ModelAdmin[Any]):
    """Routers read again after a repair; Django wraps each save in a transaction already."""

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save and tell."""
        super().save_model(request, obj, form, change)
        self._tell(request, obj)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete and tell."""
        self._tell(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        """Several at once."""
        for row in queryset:
            self.delete_model(request, row)

    def _tell(self, request: HttpRequest, obj: Model) -> None:
        with lent() as conn:
            configuration.changed(conn, obj._meta.db_table, obj.pk, request.user.pk, timezone.now())


class Hours(admin.TabularInline[Any, Any]):
    """The week of a line, with its dated seasons."""

    model = models.LineHours
    extra = 0


class LineSkills(admin.TabularInline[Any, Any]):
    """What a line requires."""

    model = models.LineSkill
    extra = 0


@admin.register(models.Line)
class LineAdmin(Told):
    """Lines."""

    list_display = ("name", "slug", "active")
    inlines = (Hours, LineSkills)


@admin.register(models.Door)
class DoorAdmin(Told):
    """Doors."""

    list_display = ("address", "line", "active", "imap_host")
    list_select_related = ("line",)


@admin.register(models.Subject)
class SubjectAdmin(Told):
    """Subjects."""

    list_display = ("name", "line", "parent", "active")
    list_filter = ("line",)
    list_select_related = ("line", "parent")


@admin.register(models.SavedAnswer)
class AnswerAdmin(Told):
    """Saved answers."""

    list_display = ("title", "line", "language", "active")
    list_select_related = ("line",)


admin.site.register([models.Organisation, models.Site, models.Team, models.Skill, models.LineException], Told)


@admin.register(ConfigChange)
class ChangeAdmin(admin.ModelAdmin[ConfigChange]):
    """The history, read only."""

    list_display = ("at", "actor", "what", "label", "verb")
    list_select_related = ("actor",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody writes history by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: ConfigChange | None = None) -> bool:  # noqa: ARG002
        """Nor rewrites it."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ConfigChange | None = None) -> bool:  # noqa: ARG002
        """Nor tears pages out."""
        return False
