"""What is agreed with each organisation that answers: read by ``actions/allocation.py`` as ``domain/allocation`` values."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Contract(models.Model):
    """One organisation's part in some lines and channels, for a time. ``lines`` and ``channels`` hold codes; none named:
    all. ``hours`` and ``ramp`` hold the words of ``domain/allocation/words.py``."""

    organisation = models.ForeignKey(
        "records.Organisation", models.PROTECT, related_name="contracts", verbose_name=_("organisation")
    )
    share = models.PositiveSmallIntegerField(_("part (%)"), validators=[MaxValueValidator(100)])
    lines = models.JSONField(_("lignes"), default=list, blank=True)
    channels = models.JSONField(_("canaux"), default=list, blank=True)
    first_day = models.DateField(_("premier jour"), null=True, blank=True)
    last_day = models.DateField(_("dernier jour"), null=True, blank=True)
    hours = models.TextField(_("heures"), blank=True, default="")
    day_least = models.PositiveIntegerField(_("au moins, par jour"), null=True, blank=True)
    day_most = models.PositiveIntegerField(_("au plus, par jour"), null=True, blank=True)
    week_least = models.PositiveIntegerField(_("au moins, par semaine"), null=True, blank=True)
    week_most = models.PositiveIntegerField(_("au plus, par semaine"), null=True, blank=True)
    ramp = models.TextField(_("montée en charge"), blank=True, default="")
    knows = models.JSONField(_("données confiées"), default=list, blank=True)
    lends_after = models.PositiveIntegerField(_("se fait aider après (s)"), null=True, blank=True)
    helps_after = models.PositiveIntegerField(_("aide les autres après (s)"), null=True, blank=True)
    own_platform = models.BooleanField(_("répond sur sa propre plateforme"), default=False)
    price_contact = models.DecimalField(
        _("prix d’un contact (€)"), max_digits=8, decimal_places=2, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    price_minute = models.DecimalField(
        _("prix d’une minute (€)"), max_digits=8, decimal_places=3, null=True, blank=True,
        validators=[MinValueValidator(0)],
    )  # fmt: skip
    quality_percent = models.PositiveSmallIntegerField(
        _("réponses dans le délai (%)"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    reference_visible = models.BooleanField(_("voit la référence interne"), default=False)

    class Meta:
        db_table = "contract"
        ordering = ("organisation__name", "first_day", "id")
        verbose_name = _("contrat")
        verbose_name_plural = _("contrats")

    def __str__(self) -> str:
        return f"{self.organisation} · {self.share} %"
