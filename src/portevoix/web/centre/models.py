"""Who changed what in the configuration, and when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ConfigImport(models.Model):
    """A configuration file that was handed in: first only looked at, then perhaps applied, then perhaps taken back.

    ``before`` is the export from just before it was applied, and ``created`` the rows that it made (table, id): with
    both it is taken back. Holds names of people, so old ones are deleted.
    """

    at = models.DateTimeField(_("le"), default=timezone.now)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(_("fichier"), max_length=200)
    content = models.TextField()
    before = models.JSONField(null=True)
    created = models.JSONField(default=list)
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "config_import"
        ordering = ("-at", "-id")

    def __str__(self) -> str:
        return self.name


class ConfigChange(models.Model):
    """One saved change. ``before`` and ``after`` hold only the fields that differ, as JSON values."""

    class Verb(models.TextChoices):
        CREATED = "created", _("créé")
        CHANGED = "changed", _("modifié")
        DELETED = "deleted", _("supprimé")

    at = models.DateTimeField(_("le"), default=timezone.now, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    what = models.CharField(_("objet"), max_length=40)  # the table's name
    ref = models.BigIntegerField(null=True)
    label = models.CharField(_("nom"), max_length=300)
    verb = models.CharField(_("geste"), max_length=8, choices=Verb)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    undoes = models.OneToOneField("self", models.SET_NULL, null=True, related_name="undone_by")

    class Meta:
        db_table = "config_change"
        ordering = ("-at", "-id")
        verbose_name = _("changement")
        verbose_name_plural = _("changements")
        indexes = (models.Index("what", "ref", name="config_change_of"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what} {self.label}"
