"""Addresses of the floor, under /plateau/."""

from django.urls import include, path

from portevoix.web.floor import day, elsewhere, elsewhere_api, hours, views, whatif

app_name = "floor"

urlpatterns = [
    path("", views.show, name="board"),
    path("mur", views.wall, name="wall"),
    path("alarmes", views.history, name="alarms"),
    path("alarmes/<int:alarm_id>/suivre", views.see, name="alarm-see"),
    path("files.csv", views.file, name="board-file"),
    path("lignes/<int:line_id>/pause", views.pause, name="line-pause"),
    path("lignes/<int:line_id>/reprise", views.resume, name="line-resume"),
    path("et-si/", whatif.show, name="whatif"),
    path("et-si/essayer", whatif.ask, name="whatif-ask"),
    path("et-si/<int:study_id>", whatif.study, name="whatif-study"),
    path("et-si/<int:study_id>/annuler", whatif.cancel, name="whatif-cancel"),
    path("et-si/<int:study_id>.<str:kind>", whatif.file, name="whatif-file"),
    path("plateformes/", elsewhere.show, name="elsewhere"),
    path("plateformes/<int:organisation_id>.csv", elsewhere.file, name="elsewhere-file"),
    path("plateformes/<int:organisation_id>/resultats", elsewhere.hand_in, name="elsewhere-results"),
    path("plateformes/<int:organisation_id>/jetons", elsewhere.token, name="elsewhere-token"),
    path("plateformes/contacts/<int:contact_id>/reprendre", elsewhere.take_back, name="elsewhere-back"),
    path("plateformes/jetons/<int:token_id>/retirer", elsewhere.revoke, name="elsewhere-revoke"),
    path("api/confies", elsewhere_api.given, name="api-given"),
    path("api/resultats", elsewhere_api.results, name="api-results"),
    path("journee", day.show, name="day"),
    path("journee.csv", day.file, name="day-file"),
    path("heures", hours.show, name="hours"),
    path("heures.csv", hours.file, name="hours-file"),
    path("", include("portevoix.web.floor.act_urls")),
    path("", include("portevoix.web.floor.coherence_urls")),
]
