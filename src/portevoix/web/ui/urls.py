"""Addresses of the gallery, under /ui/."""

from django.urls import path

from portevoix.web.ui import views

app_name = "ui"
urlpatterns = [
    path("", views.gallery, name="gallery"),
    path("bureau", views.gallery_desk, name="gallery-desk"),
    path("erreur/<int:status>", views.gallery_error, name="gallery-error"),
]
