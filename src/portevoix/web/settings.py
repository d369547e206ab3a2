"""Django's settings. Everything that differs between two centres comes from the environment."""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext
from django.contrib.messages import constants as message_level

from portevoix.web import environment as env

# Generic base classes (ModelAdmin[User]) at run time too.
django_stubs_ext.monkeypatch()

WEB = Path(__file__).resolve().parent
DATA = Path(env.text("PORTEVOIX_DATA", "data")).absolute()

DEBUG = env.flag("PORTEVOIX_DEBUG")
SECRET_KEY = env.secret("PORTEVOIX_SECRET", fallback="only-for-development-" + "x" * 40 if DEBUG else None)
ALLOWED_HOSTS = env.listing("PORTEVOIX_HOSTS", "localhost,127.0.0.1,[::1]")
HTTPS = env.flag("PORTEVOIX_HTTPS")
PORT = int(env.text("PORTEVOIX_PORT", "8000"))
# Where a browser reaches the process that holds open connections; often another port, or a path behind a proxy.
LIVE_URL = env.text("PORTEVOIX_LIVE_URL", f"http://127.0.0.1:{PORT + 1}").rstrip("/")

# Rooms that are not built yet are simply left out.
_ROOMS = [room for room in ("records", "centre", "floor", "desk") if find_spec(f"portevoix.web.{room}")]
INSTALLED_APPS = [
    *(f"portevoix.web.{room}" for room in _ROOMS),
    "portevoix.web.accounts",
    "portevoix.web.ui",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.admin",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portevoix.web.headers.SafeHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portevoix.web.accounts.middleware.PersonalLocale",
    "portevoix.web.accounts.middleware.SignedIn",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "portevoix.web.urls"
WSGI_APPLICATION = "portevoix.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portevoix.web.ui.context.look",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "portevoix.web.ui.templatetags.ui",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.append("django.forms")
MESSAGE_TAGS = {message_level.ERROR: "danger", message_level.DEBUG: "secondary"}

DATABASES = {"default": env.database(env.text("DATABASE_URL", "postgresql://localhost/portevoix"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts and sign-in -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "portevoix.web.accounts.guard.Guard",
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATION = "django.contrib.auth.password_validation."
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": _VALIDATION + "UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "full_name", "public_name")},
    },
    # Length over ceremony (NIST SP 800-63B, CNIL recommendation of 2022): no forced mix of characters.
    {"NAME": _VALIDATION + "MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": _VALIDATION + "CommonPasswordValidator"},
    {"NAME": _VALIDATION + "NumericPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
PASSWORD_RESET_TIMEOUT = 3600

AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# Together, not apart: a stranger who knows an address cannot lock its owner out from elsewhere.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "portevoix.web.accounts.guard.address_of"
AXES_USERNAME_CALLABLE = "portevoix.web.accounts.signin.account_key"
AXES_LOCKOUT_CALLABLE = "portevoix.web.accounts.signin.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# Sessions, cookies, headers -------------------------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "portevoix_session"
# One working day: an adviser signs in once in the morning.
SESSION_COOKIE_AGE = int(env.text("PORTEVOIX_SESSION_SECONDS", str(12 * 3600)))
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "portevoix_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portevoix.web.ui.errors.csrf_failure"
LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = env.listing("PORTEVOIX_ORIGINS", "")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
LIVE_ORIGIN = "{0.scheme}://{0.netloc}".format(urlsplit(LIVE_URL))

# Words and time -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [WEB / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Europe/Paris"

# Files ----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("PORTEVOIX_STATIC", str(DATA / "static")))
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "files"},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "portevoix.web.ui.storage.HashedFiles"
    },
}
# Attachments are kept by the store; what a form may hold in memory stays small.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Mail of the accounts only (forgotten password); clients' mail goes through the outbox. ----------------------
_RELAY = urlsplit(env.text("PORTEVOIX_ACCOUNT_SMTP"))
EMAIL_BACKEND = "django.core.mail.backends.{}.EmailBackend".format("smtp" if _RELAY.hostname else "console")
EMAIL_HOST = _RELAY.hostname or "localhost"
EMAIL_PORT = _RELAY.port or 25
EMAIL_HOST_USER = _RELAY.username or ""
EMAIL_HOST_PASSWORD = _RELAY.password or ""
EMAIL_USE_TLS = _RELAY.scheme == "smtp+starttls"
EMAIL_USE_SSL = _RELAY.scheme == "smtps"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("PORTEVOIX_ACCOUNT_FROM", "Portevoix <portevoix@localhost>")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.text("PORTEVOIX_LOG_LEVEL", "INFO")},
    "loggers": {"django": {"handlers": [], "propagate": True}, "axes": {"level": "WARNING"}},
}
