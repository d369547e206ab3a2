"""The account: one row for everybody who signs in. The table is read by `store`, so its name is the glossary's."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Creates accounts and finds them by mail address, whatever the case."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new account; without a password it cannot sign in until one is set by the mailed link."""
        if not email:
            raise ValueError("email is required: it is the log-in name")
        account = self.model(email=self.normalize_email(email), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An administrator who also has Django's own admin pages, the fallback."""
        return self.create_user(
            email,
            password,
            **{"role": User.Role.ADMINISTRATOR, "is_staff": True, "is_superuser": True, **fields},
        )

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Lower case throughout: nobody remembers in which case an address was typed (RFC 5321 2.3.11 allows
        a local part to mind it, no provider met does)."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        """The account with this log-in name."""
        return self.get(email=self.normalize_email(username))


class User(AbstractBaseUser, PermissionsMixin):
    """An adviser, a supervisor or an administrator."""

    class Role(models.TextChoices):
        ADVISER = "adviser", _("Conseiller")
        SUPERVISOR = "supervisor", _("Superviseur")
        ADMINISTRATOR = "administrator", _("Administrateur")

    class Theme(models.TextChoices):
        AUTO = "auto", _("Comme l’appareil")
        LIGHT = "light", _("Clair")
        DARK = "dark", _("Sombre")

    class Density(models.TextChoices):
        COMFORTABLE = "comfortable", _("Aérée")
        DENSE = "dense", _("Dense")

    class Font(models.TextChoices):
        DEFAULT = "default", _("Atkinson Hyperlegible")
        DYSLEXIA = "dyslexia", _("OpenDyslexic")

    class Language(models.TextChoices):
        FRENCH = "fr", "Français"
        ENGLISH = "en", "English"

    email = models.EmailField(_("adresse électronique"), unique=True)
    full_name = models.CharField(_("nom complet"), max_length=120)
    # CRPA L.111-2: the public is told who handles the matter; a pseudonym or service name where safety asks for it.
    public_name = models.CharField(
        _("nom montré aux usagers"),
        max_length=120,
        blank=True,
        help_text=_("Laissez vide pour montrer le nom complet."),
    )
    role = models.CharField(_("rôle"), max_length=13, choices=Role, default=Role.ADVISER)
    organisation = models.ForeignKey(
        "records.Organisation", models.PROTECT, null=True, blank=True, verbose_name=_("organisation")
    )
    team = models.ForeignKey("records.Team", models.SET_NULL, null=True, blank=True, verbose_name=_("équipe"))
    site = models.ForeignKey("records.Site", models.SET_NULL, null=True, blank=True, verbose_name=_("site"))

    language = models.CharField(_("langue"), max_length=2, choices=Language, default=Language.FRENCH)
    theme = models.CharField(_("thème"), max_length=5, choices=Theme, default=Theme.AUTO)
    density = models.CharField(_("densité"), max_length=11, choices=Density, default=Density.COMFORTABLE)
    font = models.CharField(_("police"), max_length=8, choices=Font, default=Font.DEFAULT)
    sound = models.BooleanField(_("sonnerie à l’arrivée d’une proposition"), default=True)
    shortcuts = models.BooleanField(_("raccourcis clavier à une lettre"), default=True)

    mail_capacity = models.PositiveSmallIntegerField(
        _("courriels à la fois"), default=3, validators=[MaxValueValidator(50)]
    )
    mails_block_calls = models.BooleanField(
        _("finit son courriel avant de prendre un appel"), default=False, db_default=False
    )
    is_active = models.BooleanField(_("compte ouvert"), default=True)
    is_staff = models.BooleanField(_("accès à l’administration technique"), default=False)
    created_at = models.DateTimeField(_("créé le"), default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        db_table = "account"
        ordering = ("full_name",)
        verbose_name = _("compte")
        verbose_name_plural = _("comptes")
        constraints = (
            models.UniqueConstraint(Lower("email"), name="account_email_once"),
            models.CheckConstraint(
                condition=models.Q(role__in=("adviser", "supervisor", "administrator")), name="account_role"
            ),
        )

    def __str__(self) -> str:
        return self.full_name or self.email

    def get_full_name(self) -> str:
        """The name colleagues see."""
        return self.full_name

    @property
    def shown_name(self) -> str:
        """The name clients see."""
        return self.public_name or self.full_name

    @property
    def supervises(self) -> bool:
        """May see and act for others: a supervisor or an administrator."""
        return self.role in (self.Role.SUPERVISOR, self.Role.ADMINISTRATOR)

    @property
    def administers(self) -> bool:
        """May change lines, doors and accounts."""
        return self.role == self.Role.ADMINISTRATOR


class SignInFailure(models.Model):
    """An account that was tried in vain from a place: the last time. The name is a keyed hash (see guard.py)."""

    place = models.CharField(max_length=50)
    name = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        db_table = "sign_in_failure"
        constraints = (models.UniqueConstraint("place", "name", name="sign_in_failure_once"),)
        indexes = (models.Index("place", "at", name="sign_in_failure_at"),)

    def __str__(self) -> str:
        return f"{self.place} {self.at:%H:%M}"


class SignInSuccess(models.Model):
    """An account that signed in from a place: the last time."""

    place = models.CharField(max_length=50)
    account = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "sign_in_success"
        constraints = (models.UniqueConstraint("place", "account", name="sign_in_success_once"),)

    def __str__(self) -> str:
        return f"{self.place} {self.at:%H:%M}"


class PasswordLink(models.Model):
    """A link for a forgotten password that was sent: no account is flooded with them."""

    account = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "password_link"
        indexes = (models.Index("account", "at", name="password_link_of"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.at:%H:%M}"
