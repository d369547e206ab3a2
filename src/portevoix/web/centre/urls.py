"""Addresses of the settings, under /reglages/. Every page says what one must be allowed to do; tests walk this table."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from portevoix.domain.access import Action
from portevoix.web.centre.rights import View, guarded
from portevoix.web.centre.views import (
    answers,
    aside,
    contracts,
    doors,
    groups,
    history,
    hours,
    lines,
    overview,
    pauses,
    people,
    routing,
    seasons,
    skills,
    subjects,
    transfer,
)

app_name = "centre"


def page(
    route: str, view: View, name: str, action: Action = Action.CONFIGURATION_EDIT, **kwargs: Any
) -> URLPattern:
    """A guarded page."""
    return path(route, guarded(view, action), kwargs, name=name)


_LINE = "lignes/<int:line_id>"
_SUBJECT = f"{_LINE}/motifs/<int:subject_id>"
_PERSON = "personnes/<int:person_id>"
_GROUP = "groupes/<str:kind>"

urlpatterns = [
    page("", overview.overview, "overview", Action.ANSWER_EDIT),
    page("lignes", lines.listing, "lines"),
    page("lignes/nouvelle", lines.create, "line-new"),
    page("lignes/apercu-signature", lines.preview_signature, "signature-preview"),
    page(_LINE, lines.settings, "line"),
    page(f"{_LINE}/accuse", lines.ack, "line-ack"),
    page(f"{_LINE}/accuse/apercu", lines.preview_ack, "ack-preview"),
    page(f"{_LINE}/activer", lines.activate, "line-activate", active=True),
    page(f"{_LINE}/desactiver", lines.activate, "line-deactivate", active=False),
    page(f"{_LINE}/horaires", hours.hours, "line-hours"),
    page(f"{_LINE}/jours", hours.add_exception, "exception-add"),
    page(f"{_LINE}/jours/<int:exception_id>/retirer", hours.remove_exception, "exception-remove"),
    page(f"{_LINE}/periodes/nouvelle", seasons.create, "season-new"),
    page(f"{_LINE}/periodes/<int:season_id>", seasons.change, "season"),
    page(f"{_LINE}/periodes/<int:season_id>/retirer", seasons.remove, "season-remove"),
    page(f"{_LINE}/competences", skills.of_line, "line-skills"),
    page(f"{_LINE}/acheminement", routing.of_line, "line-routing"),
    page(f"{_LINE}/motifs", subjects.listing, "line-subjects"),
    page(_SUBJECT, subjects.rename, "subject-rename"),
    page(f"{_SUBJECT}/monter", subjects.move, "subject-up", step=-1),
    page(f"{_SUBJECT}/descendre", subjects.move, "subject-down", step=1),
    page(f"{_SUBJECT}/proposer", subjects.activate, "subject-activate", active=True),
    page(f"{_SUBJECT}/retirer", subjects.activate, "subject-deactivate", active=False),
    page(f"{_SUBJECT}/supprimer", subjects.delete, "subject-delete"),
    page("portes", doors.listing, "doors"),
    page("portes/nouvelle", doors.create, "door-new"),
    page("portes/<int:door_id>", doors.settings, "door"),
    page("portes/<int:door_id>/ouvrir", doors.activate, "door-activate", active=True),
    page("portes/<int:door_id>/fermer", doors.activate, "door-deactivate", active=False),
    page("portes/<int:door_id>/essai", doors.check, "door-check"),
    page("competences", skills.listing, "skills"),
    page("competences/<int:skill_id>", skills.rename, "skill"),
    page("competences/<int:skill_id>/supprimer", skills.delete, "skill-delete"),
    page("personnes", people.listing, "people", Action.PEOPLE_EDIT),
    page("personnes/nouvelle", people.create, "person-new", Action.PEOPLE_EDIT),
    page(_PERSON, people.change, "person", Action.PEOPLE_EDIT),
    page(f"{_PERSON}/lien", people.send_link, "person-link", Action.PEOPLE_EDIT),
    page(f"{_PERSON}/fermer", people.close, "person-close", Action.PEOPLE_EDIT),
    page(f"{_PERSON}/rouvrir", people.reopen, "person-reopen", Action.PEOPLE_EDIT),
    page("groupes", groups.listing, "groups"),
    page(f"{_GROUP}/nouveau", groups.create, "group-new"),
    page(f"{_GROUP}/<int:row_id>", groups.change, "group"),
    page(f"{_GROUP}/<int:row_id>/supprimer", groups.delete, "group-delete"),
    page("pauses", pauses.listing, "pauses"),
    page("pauses/<int:pause_id>", pauses.change, "pause"),
    page("pauses/<int:pause_id>/proposer", pauses.activate, "pause-activate", active=True),
    page("pauses/<int:pause_id>/retirer", pauses.activate, "pause-deactivate", active=False),
    page("contrats", contracts.listing, "contracts"),
    page("contrats/fichier.toml", contracts.export, "contracts-export"),
    page("contrats/fichier", contracts.hand_in, "contracts-import"),
    page("contrats/nouveau", contracts.create, "contract-new"),
    page("contrats/<int:contract_id>", contracts.change, "contract"),
    page("contrats/<int:contract_id>/supprimer", contracts.delete, "contract-delete"),
    page("reponses", answers.listing, "answers", Action.ANSWER_EDIT),
    page("reponses/nouvelle", answers.create, "answer-new", Action.ANSWER_EDIT),
    page("reponses/apercu", answers.preview, "answer-preview", Action.ANSWER_EDIT),
    page("reponses/<int:answer_id>", answers.change, "answer", Action.ANSWER_EDIT),
    page(
        "reponses/<int:answer_id>/proposer",
        answers.activate,
        "answer-activate",
        Action.ANSWER_EDIT,
        active=True,
    ),
    page(
        "reponses/<int:answer_id>/retirer",
        answers.activate,
        "answer-deactivate",
        Action.ANSWER_EDIT,
        active=False,
    ),
    page("mis-de-cote/", aside.listing, "aside", Action.MAIL_RETRY),
    page("mis-de-cote/<int:aside_id>/courriel", aside.raw, "aside-raw", Action.MAIL_RETRY),
    page("mis-de-cote/<int:aside_id>/reessayer", aside.retry, "aside-retry", Action.MAIL_RETRY),
    page(
        "mis-de-cote/<int:aside_id>/classer", aside.settle, "aside-dismiss", Action.MAIL_RETRY, dismiss=True
    ),
    page(
        "mis-de-cote/<int:aside_id>/reprendre",
        aside.settle,
        "aside-restore",
        Action.MAIL_RETRY,
        dismiss=False,
    ),
    page("historique", history.listing, "history"),
    page("historique/<int:change_id>", history.change, "change"),
    page("historique/<int:change_id>/annuler", history.undo, "undo"),
    page("echange", transfer.page, "transfer"),
    page("echange/configuration.json", transfer.export, "export"),
    page("echange/fichier", transfer.hand_in, "import-new"),
    page("echange/<int:import_id>", transfer.review, "import"),
    page("echange/<int:import_id>/revenir", transfer.undo, "import-undo"),
    page("echange/<int:import_id>/avant.json", transfer.before, "import-before"),
    # The one page for people without an account yet: the signed link is what lets them in.
    path("bienvenue/<str:token>", people.welcome, name="welcome"),
]
