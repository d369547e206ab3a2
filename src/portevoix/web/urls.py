"""The addresses of the pages. Each room brings its own; the desk takes the root."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

handler400 = "portevoix.web.ui.errors.bad_request"
handler403 = "portevoix.web.ui.errors.forbidden"
handler404 = "portevoix.web.ui.errors.not_found"
handler500 = "portevoix.web.ui.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("compte/", include("portevoix.web.accounts.urls")),
    path("ui/", include("portevoix.web.ui.urls")),
    path("admin/", admin.site.urls),
]
for _room, _prefix in (("centre", "reglages/"), ("floor", "plateau/"), ("desk", "")):
    if find_spec(f"portevoix.web.{_room}") and find_spec(f"portevoix.web.{_room}.urls"):
        urlpatterns.append(path(_prefix, include(f"portevoix.web.{_room}.urls")))
if not find_spec("portevoix.web.desk") or not find_spec("portevoix.web.desk.urls"):
    from portevoix.web.ui.views import home

    urlpatterns.append(path("", home, name="home"))
