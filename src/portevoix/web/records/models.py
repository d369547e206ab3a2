"""Configuration: what an administrator sets. Ordinary Django models; the live tables are SQL (store/sql/schema).

Table names are the glossary's words, because the named queries of ``store`` read them too.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def this_minute() -> datetime:
    """Now, as exactly as a page shows it."""
    return timezone.now().replace(second=0, microsecond=0)


class Organisation(models.Model):
    """In-house or an outsourcer: whose advisers they are."""

    class Kind(models.TextChoices):
        IN_HOUSE = "in-house", _("Interne")
        OUTSOURCER = "outsourcer", _("Prestataire")

    name = models.CharField(_("nom"), max_length=120, unique=True)
    kind = models.CharField(_("nature"), max_length=12, choices=Kind, default=Kind.IN_HOUSE)

    class Meta:
        db_table = "organisation"
        ordering = ("name",)
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place people work from or belong to."""

    name = models.CharField(_("nom"), max_length=120, unique=True)

    class Meta:
        db_table = "site"
        ordering = ("name",)
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return self.name


class Team(models.Model):
    """People of one organisation led together."""

    organisation = models.ForeignKey(Organisation, models.PROTECT, verbose_name=_("organisation"))
    name = models.CharField(_("nom"), max_length=120)

    class Meta:
        db_table = "team"
        ordering = ("name",)
        verbose_name = _("équipe")
        verbose_name_plural = _("équipes")
        constraints = (models.UniqueConstraint("organisation", "name", name="team_name_once"),)

    def __str__(self) -> str:
        return self.name


class Skill(models.Model):
    """Something an adviser knows, from level 1 (beginner) to 5 (expert)."""

    slug = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("nom"), max_length=120)

    class Meta:
        db_table = "skill"
        ordering = ("name",)
        verbose_name = _("compétence")
        verbose_name_plural = _("compétences")

    def __str__(self) -> str:
        return self.name


class Line(models.Model):
    """A line (ligne de service): a programme with its own doors, hours, targets and report rows."""

    class Silence(models.TextChoices):
        NONE = "none", _("Sans objet")
        ACCEPT = "accept", _("Vaut acceptation")
        REJECT = "reject", _("Vaut rejet")

    slug = models.SlugField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("nom"), max_length=120)
    language = models.CharField(_("langue"), max_length=8, default="fr")
    time_zone = models.CharField(_("fuseau horaire"), max_length=60, default="Europe/Paris")
    holiday_region = models.CharField(_("jours fériés"), max_length=20, default="metropole")
    active = models.BooleanField(_("ouverte au traitement"), default=True)
    target_minutes = models.PositiveIntegerField(
        _("délai visé (minutes ouvrées)"),
        default=960,
        help_text=_("Temps d’ouverture entre l’arrivée et la réponse."),
    )
    offer_seconds = models.PositiveSmallIntegerField(
        _("durée d’une proposition (s)"),
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(600)],
    )
    preferred_seconds = models.PositiveIntegerField(
        _("préférence au dernier conseiller (s)"), default=300, validators=[MaxValueValidator(86400 * 7)]
    )
    wrap_up_seconds = models.PositiveSmallIntegerField(_("post-traitement (s)"), default=120)
    # How the router treats what waits: domain/routing/policy.py.
    urgency_weight = models.PositiveSmallIntegerField(
        _("coût de l’attente"),
        default=1,
        db_default=1,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    urgency_minutes = models.PositiveIntegerField(
        _("montée de l’urgence (minutes)"),
        default=60,
        db_default=60,
        validators=[MinValueValidator(1), MaxValueValidator(60 * 24 * 30)],
    )
    reserve_people = models.PositiveSmallIntegerField(
        _("personnes gardées libres pour les appels"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(1000)],
    )
    # When the floor calls for a supervisor; 0: never.
    alarm_waiting = models.PositiveIntegerField(_("contacts en attente"), default=0, db_default=0)
    alarm_minutes = models.PositiveIntegerField(
        _("attente la plus longue (minutes)"), default=0, db_default=0
    )
    alarm_late = models.PositiveIntegerField(_("contacts en retard"), default=1, db_default=1)
    data_class = (
        models.CharField(  # domain/allocation/contract.py: what a contact of this line tells of a person
            _("données en jeu"),
            max_length=15,
            default="ordinary",
            db_default="ordinary",
            choices=(
                ("ordinary", _("Ordinaires")),
                ("health", _("De santé")),
                ("minor-at-risk", _("Mineur en danger")),
                ("complaint-2", _("Réclamation de second niveau")),
            ),
        )
    )
    relaxations = models.JSONField(  # domain/lines/relaxing.py
        _("élargissements"), default=list, db_default=models.Value([], models.JSONField()), blank=True
    )
    sender_name = models.CharField(_("nom d’expéditeur"), max_length=120, blank=True)
    signature = models.TextField(_("signature"), blank=True)
    # Acknowledgement of receipt: CRPA L.112-11, R.112-11-1 and following.
    ack_active = models.BooleanField(_("accuser réception"), default=True)
    ack_text = models.TextField(_("texte de l’accusé"), blank=True)
    service_name = models.CharField(_("service chargé du dossier"), max_length=200, blank=True)
    service_address = models.TextField(_("adresse postale"), blank=True)
    service_phone = models.CharField(_("téléphone"), max_length=40, blank=True)
    silence = models.CharField(
        _("silence de l’administration"), max_length=6, choices=Silence, default=Silence.NONE
    )
    silence_months = models.PositiveSmallIntegerField(_("délai du silence (mois)"), default=2)
    appeal_text = models.TextField(_("voies et délais de recours"), blank=True)
    skills: models.ManyToManyField[Skill, LineSkill] = models.ManyToManyField(Skill, through="LineSkill")

    class Meta:
        db_table = "line"
        ordering = ("name",)
        verbose_name = _("ligne")
        verbose_name_plural = _("lignes")

    def __str__(self) -> str:
        return self.name


class LineSkill(models.Model):
    """A skill the line requires, with the lowest level that will do."""

    line = models.ForeignKey(Line, models.CASCADE)
    skill = models.ForeignKey(Skill, models.PROTECT, verbose_name=_("compétence"))
    min_level = models.PositiveSmallIntegerField(
        _("niveau minimal"), default=1, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )

    class Meta:
        db_table = "line_skill"
        constraints = (models.UniqueConstraint("line", "skill", name="line_skill_once"),)

    def __str__(self) -> str:
        return f"{self.skill} ≥ {self.min_level}"


class LineSeason(models.Model):
    """Days on which a week of its own counts instead of the usual one: school holidays, summer hours. Without any
    ``hours``: closed. Seasons of one line do not overlap (the pages see to it; if they do, the later one counts)."""

    line = models.ForeignKey(Line, models.CASCADE, related_name="seasons")
    name = models.CharField(_("nom"), max_length=120)
    first_day = models.DateField(_("premier jour"))
    last_day = models.DateField(_("dernier jour"))

    class Meta:
        db_table = "line_season"
        ordering = ("first_day", "id")
        verbose_name = _("période")
        verbose_name_plural = _("périodes")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(first_day__lte=models.F("last_day")), name="season_order"
            ),
        )

    def __str__(self) -> str:
        return self.name


class LineHours(models.Model):
    """An opening interval of a weekday, half open: [opens, closes); of the usual week, or of a season's."""

    line = models.ForeignKey(Line, models.CASCADE, related_name="hours")
    season = models.ForeignKey(LineSeason, models.CASCADE, null=True, blank=True, related_name="hours")
    weekday = models.PositiveSmallIntegerField(_("jour"), validators=[MaxValueValidator(6)])  # 0 = Monday
    opens = models.TimeField(_("ouvre à"))
    closes = models.TimeField(_("ferme à"))

    class Meta:
        db_table = "line_hours"
        ordering = ("weekday", "opens")
        constraints = (
            models.CheckConstraint(condition=models.Q(opens__lt=models.F("closes")), name="hours_order"),
        )

    def __str__(self) -> str:
        return f"{self.weekday} {self.opens:%H:%M}-{self.closes:%H:%M}"


class LineException(models.Model):
    """A day that differs: closed, or open from-to (a row for each interval). Without a line: every line."""

    line = models.ForeignKey(Line, models.CASCADE, null=True, blank=True, related_name="exceptions")
    day = models.DateField(_("jour"))
    opens = models.TimeField(_("ouvre à"), null=True, blank=True)  # both empty: closed
    closes = models.TimeField(_("ferme à"), null=True, blank=True)
    reason = models.CharField(_("raison"), max_length=200, blank=True)

    class Meta:
        db_table = "line_exception"
        ordering = ("day",)

    def __str__(self) -> str:
        return f"{self.day} {self.reason}"


class Door(models.Model):
    """An address of a line: a mailbox now; a number, a widget, a page, a form later."""

    class Kind(models.TextChoices):
        MAIL = "mail", _("Adresse électronique")

    line = models.ForeignKey(Line, models.PROTECT, related_name="doors", verbose_name=_("ligne"))
    kind = models.CharField(_("nature"), max_length=10, choices=Kind, default=Kind.MAIL)
    address = models.CharField(_("adresse"), max_length=254)
    active = models.BooleanField(_("ouverte"), default=True)
    reply_token = models.BooleanField(_("jeton dans l’adresse de réponse"), default=False)

    class After(models.TextChoices):
        MARK = "mark", _("Le laisser, avec une marque invisible")
        READ = "read", _("Le laisser, marqué comme lu")
        MOVE = "move", _("Le ranger dans un autre dossier")
        LEAVE = "leave", _("Ne toucher à rien")

    # IMAP fetch, where the mailbox stays with a provider. The password is read from the environment
    # variable PORTEVOIX_IMAP_<name>, never from the database.
    imap_host = models.CharField(_("serveur IMAP"), max_length=200, blank=True)
    imap_port = models.PositiveIntegerField(_("port IMAP"), default=993)
    imap_tls = models.BooleanField(_("TLS"), default=True)
    imap_user = models.CharField(_("compte IMAP"), max_length=200, blank=True)
    imap_secret = models.CharField(_("nom du secret"), max_length=60, blank=True)
    imap_folder = models.CharField(_("dossier"), max_length=200, default="INBOX")
    imap_after = models.CharField(
        _("une fois le courriel pris"), max_length=5, choices=After, default=After.MARK, db_default="mark"
    )
    imap_move_to = models.CharField(
        _("dossier des courriels pris"), max_length=200, blank=True, default="", db_default=""
    )
    imap_since = models.DateTimeField(
        _("prendre les courriels arrivés depuis"),
        null=True,
        blank=True,
        default=this_minute,
        db_default=Now(),
    )  # null: all

    class Meta:
        db_table = "door"
        ordering = ("address",)
        verbose_name = _("porte")
        verbose_name_plural = _("portes")
        constraints = (models.UniqueConstraint("kind", Lower("address"), name="door_address_once"),)

    def __str__(self) -> str:
        return self.address


class Subject(models.Model):
    """Why the person came (motif): a tree per line; only active leaves can be picked."""

    line = models.ForeignKey(Line, models.CASCADE, related_name="subjects", verbose_name=_("ligne"))
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    name = models.CharField(_("nom"), max_length=120)
    position = models.PositiveSmallIntegerField(_("rang"), default=0)
    active = models.BooleanField(_("proposé"), default=True)

    class Meta:
        db_table = "subject"
        ordering = ("position", "name")
        verbose_name = _("motif")
        verbose_name_plural = _("motifs")

    def __str__(self) -> str:
        return self.name


class AdviserLine(models.Model):
    """This person answers this line."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="line_links")
    line = models.ForeignKey(Line, models.CASCADE, related_name="adviser_links")

    class Meta:
        db_table = "adviser_line"
        constraints = (models.UniqueConstraint("account", "line", name="adviser_line_once"),)

    def __str__(self) -> str:
        return f"{self.account} · {self.line}"


class AdviserSkill(models.Model):
    """This person has this skill at this level."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="skill_links")
    skill = models.ForeignKey(Skill, models.CASCADE)
    level = models.PositiveSmallIntegerField(
        _("niveau"), default=1, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )

    class Meta:
        db_table = "adviser_skill"
        constraints = (models.UniqueConstraint("account", "skill", name="adviser_skill_once"),)

    def __str__(self) -> str:
        return f"{self.account} · {self.skill} {self.level}"


class SavedAnswer(models.Model):
    """A text kept for reuse, with variables such as {{ prenom }}. Without a line: for every line."""

    line = models.ForeignKey(Line, models.CASCADE, null=True, blank=True, verbose_name=_("ligne"))
    title = models.CharField(_("titre"), max_length=120)
    body = models.TextField(_("texte"))
    language = models.CharField(_("langue"), max_length=8, default="fr")
    active = models.BooleanField(_("proposée"), default=True)
    # Counted by the database when title or text change (store/sql/schema/0003_coherence.sql), whoever saves.
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1, editable=False)
    changed_at = models.DateTimeField(_("modifiée le"), db_default=Now(), editable=False)

    class Meta:
        db_table = "saved_answer"
        ordering = ("title",)
        verbose_name = _("réponse enregistrée")
        verbose_name_plural = _("réponses enregistrées")

    def __str__(self) -> str:
        return self.title


class SavedView(models.Model):
    """A search kept under a name, for oneself or shared with one's organisation."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    name = models.CharField(_("nom"), max_length=80)
    query = models.JSONField(default=dict)
    shared = models.BooleanField(_("partagée"), default=False)

    class Meta:
        db_table = "saved_view"
        ordering = ("name",)
        constraints = (models.UniqueConstraint("account", "name", name="saved_view_once"),)

    def __str__(self) -> str:
        return self.name


from portevoix.web.records.models_contracts import Contract as Contract  # noqa: E402, PLC0414 - a model of this app
from portevoix.web.records.models_pauses import PauseReason as PauseReason  # noqa: E402, PLC0414 - likewise
