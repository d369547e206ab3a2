"""The smallest django-helpdesk that takes mails in: for ``portevoix bench mail --peer`` alone."""

import os
from urllib.parse import urlsplit

_at = urlsplit(os.environ["PEER_DATABASE"])
SECRET_KEY = "only-for-the-benchmark"
DEBUG = False
USE_TZ = True
ALLOWED_HOSTS = ["*"]
SITE_ID = 1
ROOT_URLCONF = "peer.urls"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
MEDIA_ROOT = os.environ["PEER_MEDIA"]
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql", "NAME": _at.path.lstrip("/"), "USER": _at.username,
        "PASSWORD": _at.password, "HOST": _at.hostname, "PORT": _at.port,
    }
}
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.sites",
    "django.contrib.messages", "django.contrib.humanize", "django.contrib.admin", "rest_framework",
    "helpdesk",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
        "OPTIONS": {"context_processors": [
            "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
        ]},
    }
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
HELPDESK_TEAMS_MODE_ENABLED = False
HELPDESK_USE_TEMPLATED_EMAIL = True
