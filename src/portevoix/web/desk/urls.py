"""Addresses of the desk: it stands at the root."""

from django.urls import path
from django.views.generic import RedirectView

from portevoix.web.desk import reading
from portevoix.web.desk.views import (
    acts,
    aside,
    conversation,
    files,
    moves,
    person,
    presence,
    search,
    work,
    writing,
)

app_name = "desk"

_C = "bureau/c/<int:conversation_id>/"
_M = "bureau/m/<int:message_id>/"
_P = "bureau/p/<int:person_id>/"

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="desk:home"), name="root"),
    path("bureau/", work.home, name="home"),
    path("bureau/travail", work.work, name="work"),
    path("bureau/liste/<slug:name>/", work.listing, name="list"),
    path("bureau/liste/<slug:name>/nouveaux", work.newer, name="newer"),
    path("bureau/mots/<int:message_id>/lu", work.word_read, name="word-read"),
    path("bureau/offres/<int:contact_id>/accepter", moves.accept, name="accept"),
    path("bureau/offres/<int:contact_id>/decliner", moves.decline, name="decline"),
    path(_C, conversation.show, name="conversation"),
    path(_C + "nouveau", conversation.whats_new, name="news"),
    path(_C + "avant", conversation.earlier, name="earlier"),
    path(_C + "pourquoi", conversation.why, name="why"),
    path(_C + "imprimer", conversation.printable, name="print"),
    path(_C + "ecrit", conversation.writes, name="writes"),
    path(_C + "ecrivent", conversation.who_writes, name="writers"),
    path(_C + "faire", acts.show, name="act"),
    path(_C + "prendre", moves.take, name="take"),
    path(_C + "reprendre", moves.resume, name="resume"),
    path(_C + "transferer", moves.transfer, name="transfer"),
    path(_C + "attendre", moves.park, name="park"),
    path(_C + "motif", moves.subject, name="subject"),
    path(_C + "clore", moves.close, name="close"),
    path(_C + "conclure", moves.wrap, name="wrap"),
    path(_C + "renommer", moves.rename, name="rename-conversation"),
    path(_C + "rouvrir", moves.reopen, name="reopen"),
    path(_C + "fusionner", moves.merge, name="merge"),
    path(_C + "scinder", moves.split, name="split"),
    path(_C + "repondre", writing.reply, name="reply"),
    path(_C + "noter", writing.note, name="note"),
    path(_C + "brouillon", writing.draft, name="draft"),
    path(_C + "brouillon/supprimer", writing.discard, name="discard"),
    path(_C + "pieces", writing.attach, name="attach"),
    path(_C + "reponses", writing.saved_answers, name="saved-answers"),
    path(_C + "reponses/<int:answer_id>", writing.saved_answer, name="saved-answer"),
    path("bureau/pieces/<uuid:upload_id>", files.upload, name="upload"),
    path("bureau/pieces/<uuid:upload_id>/retirer", writing.detach, name="detach"),
    path(_M + "html", files.html, name="html"),
    path(_M + "original.eml", files.original, name="original"),
    path(_M + "piece/<str:part>", files.attachment, name="attachment"),
    path(_M + "annuler", writing.undo, name="undo"),
    path(_M + "renvoyer", writing.retry, name="retry"),
    path("bureau/mis-de-cote/<int:set_aside_id>.eml", files.set_aside_original, name="set-aside"),
    path("bureau/mis-de-cote/<int:set_aside_id>/reessayer", aside.retry, name="retry-aside"),
    path(_P, person.show, name="person"),
    path(_P + "fiche", person.rename, name="rename"),
    path(_P + "adresses", person.add_address, name="add-address"),
    path(_P + "candidats", person.candidates, name="candidates"),
    path(_P + "fusionner", person.merge, name="merge-person"),
    path(_P + "separer", person.unmerge, name="unmerge-person"),
    path("bureau/lectures/", reading.listing, name="reading"),
    path("bureau/lectures/lues", reading.mark, name="reading-mark"),
    path("recherche/", search.search, name="search"),
    path("recherche/vues", search.save_view, name="save-view"),
    path("recherche/vues/<int:view_id>/supprimer", search.delete_view, name="delete-view"),
    path("presence/", presence.change, name="presence"),
    path("presence/signe", presence.beat, name="beat"),
    path("live/token", presence.token, name="live-token"),
]
