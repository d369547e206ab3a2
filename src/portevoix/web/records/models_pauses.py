"""Why people pause, in the centre's own words."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PauseReason(models.Model):
    """One reason of the presence menu. Presences keep the French name itself, so that what was said stays what was said."""

    name = models.CharField(_("motif"), max_length=60, unique=True)
    name_en = models.CharField(_("en anglais"), max_length=60, blank=True, default="", db_default="")
    worked = models.BooleanField(_("compte comme du temps de travail"), default=True, db_default=True)
    position = models.PositiveSmallIntegerField(_("place dans le menu"), default=0, db_default=0)
    active = models.BooleanField(_("proposé"), default=True, db_default=True)

    class Meta:
        db_table = "pause_reason"
        ordering = ("position", "name")
        verbose_name = _("motif de pause")
        verbose_name_plural = _("motifs de pause")

    def __str__(self) -> str:
        return self.name
