"""Why something was not done, said so that one knows what to do next. Codes: actions/errors.py and the domain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from portevoix.actions.errors import Refused

SENTENCES = {
    "offer-gone": gettext_lazy(
        "Cette proposition n’est plus à vous : son temps est écoulé, ou un collègue l’a prise. Rien n’est perdu, la conversation reste dans la file."
    ),
    "not-waiting": gettext_lazy(
        "Cette conversation n’est plus en attente : un collègue vient de la prendre. Choisissez-en une autre dans la file."
    ),
    "moved-on": gettext_lazy(
        "La conversation a changé d’état entre-temps. Voici où elle en est ; recommencez si votre action est encore utile."
    ),
    "client-wrote": gettext_lazy(
        "La personne vient d’écrire : la conversation n’est pas close. Lisez son message, puis concluez."
    ),
    "closed": gettext_lazy("Cette conversation est close. Rouvrez-la pour la modifier."),
    "already-open": gettext_lazy("Cette conversation est déjà ouverte."),
    "wake-time-past": gettext_lazy(
        "L’heure choisie est déjà passée. Choisissez une date et une heure à venir."
    ),
    "held-by-other": gettext_lazy(
        "Un collègue tient cette conversation. Laissez-lui une note, ou demandez à un superviseur."
    ),
    "not-yours": gettext_lazy("Vous ne tenez pas cette conversation. Prenez-la d’abord."),
    "person-other-line": gettext_lazy(
        "Cette personne est suivie par une autre ligne : vous pouvez la lire, pas la modifier."
    ),
    "account-closed": gettext_lazy("Votre compte est fermé. Adressez-vous à votre administrateur."),
    "wrap-up": gettext_lazy(
        "Il n’y a plus rien à prolonger : une fin de contact se prolonge une seule fois."
    ),
    "whatif": gettext_lazy("Rejouer une semaine du centre est réservé à ceux qui en voient tout le plateau."),
    "study-over": gettext_lazy("Cet essai est déjà terminé."),
    "level": gettext_lazy("Un niveau va de 0 (pas du tout) à 5."),
    "skill-time": gettext_lazy(
        "Choisissez un niveau et une durée : une compétence se prête un jour au plus."
    ),
    "skill-over": gettext_lazy("Cette compétence est déjà revenue à ses réglages."),
    "not-on-line": gettext_lazy(
        "Cette personne ne répond pas à cette ligne. Mettez-la d’abord sur la ligne, depuis sa page du plateau."
    ),
    "in-call": gettext_lazy(
        "Une conversation de vive voix est en cours : elle ne se reprend pas. Attendez sa fin."
    ),
    "push": gettext_lazy("Confier ou reprendre un contact est réservé aux superviseurs de sa ligne."),
    "share": gettext_lazy("Une part est un nombre entier de 0 à 100, et se change par l’interne."),
    "word-over": gettext_lazy("Ce message n’est déjà plus montré."),
    "place": gettext_lazy("Dites si vous travaillez sur site ou à distance."),
    "presence": gettext_lazy(
        "Ce changement de présence n’est pas possible maintenant. Pour une pause, indiquez le motif."
    ),
    "no-recipient": gettext_lazy("Indiquez au moins un destinataire."),
    "bad-address": gettext_lazy(
        "L’adresse « %(detail)s » n’est pas valable. Il faut une forme comme nom@exemple.fr."
    ),
    "empty-body": gettext_lazy("Le message est vide. Écrivez votre texte, puis envoyez."),
    "unfilled-variables": gettext_lazy(
        "Il reste des variables à compléter dans le texte : %(detail)s. Remplacez-les, puis envoyez."
    ),
    "no-door": gettext_lazy(
        "Cette ligne n’a pas d’adresse d’envoi active. Transférez la conversation, ou prévenez votre administrateur."
    ),
    "no-token": gettext_lazy("Le formulaire est incomplet. Rechargez la page ; votre brouillon est gardé."),
    "upload-gone": gettext_lazy("Un fichier joint n’est plus là. Joignez-le de nouveau."),
    "upload-unknown": gettext_lazy("Un fichier joint n’est plus là. Joignez-le de nouveau."),
    "empty-file": gettext_lazy("Ce fichier est vide. Choisissez-en un autre."),
    "file-too-large": gettext_lazy("Ce fichier dépasse 10 Mo. Réduisez-le, ou donnez un lien dans le texte."),
    "too-large": gettext_lazy(
        "Les fichiers joints dépassent 20 Mo ensemble. Retirez-en, ou donnez un lien dans le texte."
    ),
    "too-many-files": gettext_lazy("Un courriel porte au plus 30 fichiers. Retirez-en avant d’en ajouter."),
    "undone": gettext_lazy("Cet envoi a été annulé. Vérifiez votre texte, puis envoyez de nouveau."),
    "already-leaving": gettext_lazy("Trop tard pour annuler : le message est parti."),
    "not-failed": gettext_lazy("Ce message n’est pas en échec : il n’y a rien à renvoyer."),
    "conversation-unknown": gettext_lazy(
        "Aucune conversation ne porte ce numéro parmi celles que vous pouvez ouvrir. Vérifiez-le."
    ),
    "message-unknown": gettext_lazy("Ce message n’est plus dans cette conversation. Rechargez la page."),
    "person-unknown": gettext_lazy(
        "Cette personne n’existe plus ou ne vous est pas ouverte. Cherchez-la de nouveau."
    ),
    "date-far": gettext_lazy("La date choisie est à plus d’un an. Choisissez-en une plus proche."),
    "draft-changed": gettext_lazy("Un collègue a modifié ce brouillon entre-temps."),
    "subject-required": gettext_lazy("Choisissez le motif avant de clore."),
    "subject-unknown": gettext_lazy("Ce motif n’est plus proposé pour cette ligne. Choisissez-en un autre."),
    "line-unknown": gettext_lazy("Cette ligne n’existe pas ou n’est plus active. Choisissez-en une autre."),
    "adviser-unknown": gettext_lazy(
        "Cette personne ne répond pas sur cette ligne. Choisissez quelqu’un d’autre."
    ),
    "same-conversation": gettext_lazy("On ne peut pas fusionner une conversation avec elle-même."),
    "other-line": gettext_lazy(
        "L’autre conversation est ouverte sur une autre ligne. Fusionnez dans l’autre sens, ou transférez-la d’abord."
    ),
    "merged": gettext_lazy("Cette fiche ou conversation a déjà été fusionnée. Rechargez la page."),
    "first-message": gettext_lazy(
        "Le premier message ne peut pas être séparé : rien ne resterait ici. Choisissez-en un plus récent."
    ),
    "not-there": gettext_lazy("Ce message n’est plus dans cette conversation. Rechargez la page."),
    "bad-number": gettext_lazy(
        "Le numéro « %(detail)s » n’est pas valable. Écrivez-le en chiffres, comme 01 23 45 67 89."
    ),
    "address-taken": gettext_lazy(
        "Cette adresse est déjà celle d’une autre fiche. Si c’est la même personne, réunissez les deux fiches ci-dessous."
    ),
    "empty-subject": gettext_lazy("Donnez un objet à la conversation."),
    "not-merged": gettext_lazy("Ces deux fiches sont déjà séparées."),
    "same-person": gettext_lazy("On ne peut pas fusionner une personne avec elle-même."),
    "date": gettext_lazy("La date n’a pas été comprise. Indiquez un jour et une heure."),
    "figures": gettext_lazy(
        "Ces chiffres ne vous sont pas ouverts : ils sont pour ceux qui encadrent, chacun pour les siens."
    ),
    "floor": gettext_lazy("Le plateau est pour ceux qui encadrent, chacun pour les siens."),
    "pause": gettext_lazy("Mettre une ligne en pause revient à l’encadrement interne de cette ligne."),
    "move": gettext_lazy("Cette personne ou cette ligne n’est pas des vôtres."),
    "pause-over": gettext_lazy("La pause est déjà terminée."),
    "move-done": gettext_lazy("C’était déjà fait."),
    "alarm-seen": gettext_lazy("Quelqu’un s’en occupe déjà."),
    "no-answers": gettext_lazy("Un compte d’administration ne répond à personne : il n’a rien à lire ici."),
    "name-taken": gettext_lazy("Une vue porte déjà ce nom. Choisissez-en un autre."),
}


def sentence(refused: Refused) -> str:
    """What to show for a refusal; an unknown code is shown as such, never as a blank."""
    known = SENTENCES.get(refused.code)
    if known is not None:
        text = str(known)
        return text % {"detail": refused.detail} if "%(detail)s" in text else text
    return _("Cette action n’est pas possible (%(code)s). Rechargez la page pour voir l’état actuel.") % {
        "code": refused.code
    }
