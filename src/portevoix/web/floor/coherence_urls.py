"""Addresses of coherence, included by the floor's."""

from django.urls import path

from portevoix.web.floor import coherence, coherence_readers

urlpatterns = [
    path("coherence/", coherence.show, name="coherence"),
    path("coherence/chiffres.csv", coherence.file, name="coherence-file"),
    path("coherence/contacts", coherence.contacts, name="coherence-contacts"),
    path("coherence/reponses/", coherence_readers.listing, name="coherence-readers"),
    path("coherence/reponses/<int:answer_id>", coherence_readers.one, name="coherence-answer"),
]
