"""What a centre still lacks, said in sentences with the page that mends it. A handful of queries, whatever the size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from portevoix.web.accounts.models import User
from portevoix.web.centre import acknowledgement, imap_check
from portevoix.web.records.models import AdviserSkill, Door, Line, LineSkill


@dataclass(frozen=True)
class Gap:
    """One thing to do."""

    text: str
    action: str
    href: str
    tone: str = "warning"


def gaps() -> list[Gap]:
    """All of them, the most urgent first."""
    return [*_lines(), *_skills(), *_doors(), *_people()]


def _lines() -> Iterator[Gap]:
    lines = (
        Line.objects.filter(active=True)
        .prefetch_related("doors")
        .annotate(
            hours_count=Count("hours", filter=Q(hours__season=None), distinct=True),
            subject_count=Count("subjects", filter=Q(subjects__active=True), distinct=True),
            adviser_count=Count(
                "adviser_links", filter=Q(adviser_links__account__is_active=True), distinct=True
            ),
        )
    )
    found = list(lines)
    if not found:
        yield Gap(
            _("Le centre n’a aucune ligne active."),
            _("Créer une ligne"),
            reverse("centre:line-new"),
            "danger",
        )
    for line in found:
        name = {"name": line.name}
        if not any(door.active for door in line.doors.all()):
            address = reverse("centre:door-new") + f"?ligne={line.pk}"
            yield Gap(
                _("La ligne %(name)s n’a pas de porte ouverte : personne ne peut lui écrire.") % name,
                _("Ouvrir une porte"),
                address,
                "danger",
            )
        if not line.adviser_count:
            address = reverse("centre:people")
            yield Gap(
                _("Personne ne répond à la ligne %(name)s.") % name,
                _("Choisir des personnes"),
                address,
                "danger",
            )
        if not line.hours_count:
            address = reverse("centre:line-hours", args=[line.pk])
            yield Gap(
                _("La ligne %(name)s n’a pas d’horaires : elle compte comme ouverte jour et nuit.") % name,
                _("Donner des horaires"),
                address,
            )
        if lacking := acknowledgement.missing(line):
            words = ", ".join(str(acknowledgement.MENTIONS[mention]) for mention in lacking)
            said = _(
                "L’accusé de réception de la ligne %(name)s n’a pas toutes ses mentions obligatoires : %(words)s."
            )
            yield Gap(
                said % {**name, "words": words},
                _("Compléter l’accusé"),
                reverse("centre:line-ack", args=[line.pk]),
            )
        if not line.subject_count:
            address = reverse("centre:line-subjects", args=[line.pk])
            yield Gap(
                _("La ligne %(name)s n’a pas de motifs : les chiffres ne diront pas pourquoi on écrit.")
                % name,
                _("Ajouter des motifs"),
                address,
                "info",
            )


def _skills() -> Iterator[Gap]:
    """Lines whose every skill somebody must have: each on its own is checked, which finds nearly all mistakes."""
    needs = LineSkill.objects.filter(line__active=True).select_related("line", "skill")
    have = AdviserSkill.objects.filter(account__is_active=True).values_list(
        "account__line_links__line_id", "skill_id", "level"
    )
    best: dict[tuple[int | None, int], int] = {}
    for line_id, skill_id, level in have:
        best[line_id, skill_id] = max(level, best.get((line_id, skill_id), 0))
    for need in needs:
        if best.get((need.line_id, need.skill_id), 0) < need.min_level:
            said = _(
                "Personne de la ligne %(line)s n’a la compétence « %(skill)s » au niveau %(level)d : rien n’y sera proposé."
            )
            words = {"line": need.line.name, "skill": need.skill.name, "level": need.min_level}
            address = reverse("centre:line-skills", args=[need.line_id])
            yield Gap(said % words, _("Voir les compétences exigées"), address, "danger")


def _doors() -> Iterator[Gap]:
    for door in Door.objects.filter(active=True).exclude(imap_host=""):
        if imap_check.secret_of(door) is None:
            said = _("Le mot de passe IMAP de la porte %(name)s manque sur le serveur.") % {
                "name": door.address
            }
            yield Gap(said, _("Voir la porte"), reverse("centre:door", args=[door.pk]), "danger")


def _people() -> Iterator[Gap]:
    idle = User.objects.filter(is_active=True, role=User.Role.ADVISER, line_links=None).order_by("full_name")[
        :20
    ]
    for person in idle:
        said = _("%(name)s ne répond à aucune ligne et ne reçoit donc rien.") % {"name": person.full_name}
        yield Gap(said, _("Choisir des lignes"), reverse("centre:person", args=[person.pk]), "info")
