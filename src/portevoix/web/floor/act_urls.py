"""Addresses of what one does from the floor, under /plateau/."""

from django.urls import path

from portevoix.web.floor import acts, moving, persons

urlpatterns = [
    path("deplacer", moving.choose, name="moving"),
    path("deplacer/faire", moving.move, name="move-many"),
    path("actes", moving.acts, name="acts"),
    path("actes/ensemble/<int:batch>", moving.acts, name="batch"),
    path("actes/ensemble/<int:batch>/annuler", moving.undo_batch, name="batch-undo"),
    path("actes/<int:act_id>/annuler", moving.undo, name="act-undo"),
    path("personnes/<int:account_id>", persons.person, name="person"),
    path("personnes/<int:account_id>/lignes", persons.move, name="person-move"),
    path("personnes/<int:account_id>/competences", persons.lend, name="person-skill"),
    path("lignes/<int:line_id>/attente", acts.queue, name="queue"),
    path("lignes/<int:line_id>/confier", acts.push, name="push"),
    path("contacts/<int:contact_id>/reprendre", acts.pull, name="pull"),
    path("contrats/<int:contract_id>/part", acts.share, name="share"),
    path("messages", acts.words, name="words"),
    path("messages/envoyer", acts.say, name="say"),
    path("messages/<int:message_id>/retirer", acts.withdraw, name="withdraw"),
]
