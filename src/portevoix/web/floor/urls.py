"""Addresses of the floor, under /plateau/."""

from django.urls import include, path

app_name = "floor"

urlpatterns = [
    path("", include("portevoix.web.floor.coherence_urls")),
]
