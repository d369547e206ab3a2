"""Addresses of the floor, under /plateau/."""

from django.urls import include, path

from portevoix.web.floor import acts, hours, views, whatif

app_name = "floor"

urlpatterns = [
    path("", views.show, name="board"),
    path("mur", views.wall, name="wall"),
    path("alarmes", views.history, name="alarms"),
    path("alarmes/<int:alarm_id>/suivre", views.see, name="alarm-see"),
    path("files.csv", views.file, name="board-file"),
    path("lignes/<int:line_id>/pause", views.pause, name="line-pause"),
    path("lignes/<int:line_id>/reprise", views.resume, name="line-resume"),
    path("personnes/<int:account_id>", views.person, name="person"),
    path("personnes/<int:account_id>/lignes", views.move, name="person-move"),
    path("personnes/<int:account_id>/competences", acts.lend, name="person-skill"),
    path("lignes/<int:line_id>/attente", acts.queue, name="queue"),
    path("lignes/<int:line_id>/confier", acts.push, name="push"),
    path("contacts/<int:contact_id>/reprendre", acts.pull, name="pull"),
    path("contrats/<int:contract_id>/part", acts.share, name="share"),
    path("messages", acts.words, name="words"),
    path("messages/envoyer", acts.say, name="say"),
    path("messages/<int:message_id>/retirer", acts.withdraw, name="withdraw"),
    path("et-si/", whatif.show, name="whatif"),
    path("et-si/essayer", whatif.ask, name="whatif-ask"),
    path("et-si/<int:study_id>", whatif.study, name="whatif-study"),
    path("et-si/<int:study_id>/annuler", whatif.cancel, name="whatif-cancel"),
    path("et-si/<int:study_id>.<str:kind>", whatif.file, name="whatif-file"),
    path("heures", hours.show, name="hours"),
    path("heures.csv", hours.file, name="hours-file"),
    path("", include("portevoix.web.floor.coherence_urls")),
]
