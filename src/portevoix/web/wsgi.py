"""The WSGI application that the page server loads."""

import os

from django.core.wsgi import get_wsgi_application
from django.db.backends.signals import connection_created

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portevoix.web.settings")
application = get_wsgi_application()

from portevoix.web import database  # noqa: E402 - Django is set up now

# Only where pages are served: a migration's statement may take its time.
connection_created.connect(database.watched, dispatch_uid="database-silence")
