"""The French texts of the demonstration: invented people, invented letters."""

from __future__ import annotations

from dataclasses import dataclass, field

SKILLS = {
    "inscription": "Inscription",
    "financement": "Financement et CPF",
    "scolarite": "Scolarité",
    "anglais": "Anglais",
}


@dataclass(frozen=True)
class LineText:
    """One line of service."""

    slug: str
    name: str
    target_minutes: int
    skills: dict[str, int]
    subjects: dict[str, list[str]]


LINES = (
    LineText(
        "inscription", "Inscription", 480, {"inscription": 1},
        {"Compte": ["Création du compte", "Mot de passe oublié"],
         "Dossier": ["Formulaire interrompu", "Pièce manquante", "Paiement refusé"],
         "Après l’inscription": ["Annulation", "Attestation"]},
    ),
    LineText(
        "cpf", "Compte personnel de formation", 960, {"financement": 2},
        {"Droits": ["Montant disponible", "Reste à charge"], "Formation": ["Choix du parcours", "Report de début"]},
    ),
    LineText(
        "scolaire", "Scolaire", 960, {"scolarite": 1},
        {"Devoirs": ["Correction attendue", "Envoi impossible"], "Livret": ["Bulletin", "Certificat de scolarité"]},
    ),
    LineText(
        "ma-classe-a-la-maison", "Ma classe à la maison", 240, {"scolarite": 1},
        {"Accès": ["Connexion", "Classe virtuelle"], "Contenus": ["Exercices", "Manuels"]},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class PersonText:
    """One person who signs in."""

    email: str
    name: str
    role: str
    organisation: str
    team: str
    site: str
    lines: tuple[str, ...] = ()
    skills: dict[str, int] = field(default_factory=dict)


_ALL = ("inscription", "cpf", "scolaire", "ma-classe-a-la-maison")
PEOPLE = (
    PersonText("alice@centre.example", "Alice Martin", "adviser", "Centre", "Équipe A", "Poitiers", _ALL,
               {"inscription": 5, "financement": 3, "scolarite": 4, "anglais": 3}),
    PersonText("bob@centre.example", "Bob Durand", "adviser", "Centre", "Équipe A", "Rennes", _ALL,
               {"inscription": 3, "financement": 5, "scolarite": 2}),
    PersonText("chloe@prestataire.example", "Chloé Petit", "adviser", "Prestataire Horizon", "Équipe B", "À distance",
               ("inscription", "ma-classe-a-la-maison"), {"inscription": 2, "scolarite": 2}),
    PersonText("djamel@prestataire.example", "Djamel Benali", "adviser", "Prestataire Horizon", "Équipe B", "À distance",
               ("scolaire", "ma-classe-a-la-maison"), {"scolarite": 3, "anglais": 4}),
    PersonText("elise@centre.example", "Élise Moreau", "supervisor", "Centre", "Encadrement", "Poitiers", _ALL,
               {"inscription": 5, "financement": 5, "scolarite": 5}),
    PersonText("farid@centre.example", "Farid Lopez", "administrator", "Centre", "Encadrement", "Poitiers"),
)  # fmt: skip

# line (empty: every line), title, text
ANSWERS = (
    ("", "Accueil", "Bonjour {{ prenom }},\n\nMerci de votre message.\n\n"),
    ("", "Demande de précision", ("Bonjour {{ prenom }},\n\nPour vous répondre au mieux, pourriez-vous nous indiquer "
     "votre numéro de dossier ?\n\nBien cordialement,")),
    ("inscription", "Paiement refusé", ("Bonjour {{ prenom }},\n\nLe paiement reste bloqué tant que les cases des "
     "conditions d’inscription ne sont pas cochées, tout en bas de la page. Cochez-les, puis validez de nouveau : votre "
     "dossier a été conservé.\n\nBien cordialement,")),
    ("inscription", "Mot de passe oublié", ("Bonjour {{ prenom }},\n\nChoisissez « Mot de passe oublié » sur la page de "
     "connexion : un lien vous est envoyé, valable une heure.\n\nBien cordialement,")),
    ("cpf", "Montant disponible", ("Bonjour {{ prenom }},\n\nLe montant de vos droits se lit sur votre compte personnel de "
     "formation. Nous ne pouvons pas le consulter à votre place.\n\nBien cordialement,")),
    ("scolaire", "Certificat de scolarité", ("Bonjour {{ prenom }},\n\nVotre certificat se télécharge dans « Mon espace », "
     "rubrique « Documents ».\n\nBien cordialement,")),
    ("ma-classe-a-la-maison", "Connexion", ("Bonjour {{ prenom }},\n\nLe site est ouvert à tous, sans inscription "
     "préalable : créez un compte avec l’adresse de votre choix.\n\nBien cordialement,")),
)  # fmt: skip


@dataclass(frozen=True)
class MailText:
    """One mail that a client sends to the demonstration."""

    line: str
    sender: str
    subject: str
    body: str
    html: str = ""


MAILS = (
    MailText("inscription", "Camille Leroy <camille.leroy@client.example>", "Paiement impossible",
             "Bonjour,\n\nJe n’arrive pas à valider le paiement de mon inscription : le bouton reste grisé.\n"
             "J’ai essayé sur deux ordinateurs.\n\nMerci de votre aide,\nCamille Leroy\n"),
    MailText("inscription", "Hugo Garnier <hugo.garnier@client.example>", "Formulaire interrompu",
             "Bonjour,\nma session a expiré au milieu du formulaire. Dois-je tout recommencer ?\nHugo\n",
             "<p>Bonjour,</p><p>ma session a expiré au milieu du <b>formulaire</b>. Dois-je tout recommencer&nbsp;?</p>"
             "<p>Hugo</p>"),
    MailText("cpf", "Sonia Haddad <sonia.haddad@client.example>", "Financer le BTS avec mon CPF",
             "Bonjour,\n\nPuis-je financer le BTS Comptabilité avec mon CPF, et commencer en janvier ?\n\n"
             "Sonia Haddad\n06 00 00 00 00\n"),
    MailText("scolaire", "Paul Mercier <paul.mercier@client.example>", "Certificat de scolarité de ma fille",
             "Madame, Monsieur,\n\nOù trouver le certificat de scolarité de ma fille Zoé (classe de 4e) ?\n\n"
             "Cordialement,\nPaul Mercier\n"),
    MailText("ma-classe-a-la-maison", "Inès Robert <ines.robert@client.example>", "Connexion impossible",
             "Bonjour, mon fils est en CE2 et ne peut pas se connecter à la classe virtuelle de 10 h. Merci ! Inès\n"),
    MailText("scolaire", "Tom Baker <tom.baker@client.example>", "School report",
             "Hello,\n\nwe live abroad. When will the school report of the first term be sent?\n\nKind regards,\nTom Baker\n"),
)  # fmt: skip
