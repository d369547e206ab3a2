"""French texts that look like a contact centre's: a Zipf vocabulary of tens of thousands of words, names, sentences.

Everything follows from the seed, so that two runs measure the same texts.
"""

from __future__ import annotations

from itertools import accumulate, product
from random import Random

_COMMON = """de la le et à les des en un une du que est pour qui dans ce il au sur pas plus par je avec tout faire son mettre
autre on mais nous comme ou si leur y dire elle devoir avant deux même prendre aussi celui donner bien où fois vous encore
nouveau aller cela entre premier vouloir déjà grand mon me moins aucun lui temps très savoir falloir voir quelque sans raison
notre dont non an monde jour monsieur demander alors après trouver personne rendre part dernier venir pendant passer peu lequel
suite bon comprendre depuis point ainsi heure rester""".split()  # noqa: SIM905 - read as prose
_DOMAIN = """dossier inscription formation pièce justificatif relevé notes attestation paiement remboursement délai réponse
courrier compte identifiant connexion mot passe adresse téléphone rendez-vous centre examen session candidat diplôme
certificat financement droits solde organisme annulation virement facture montant euros erreur message système page site
document téléchargement signature convention stage entreprise employeur salarié chômage allocation prise charge refus
recours commission décision élève parent lycée collège cours distance enseignant matériel tablette livraison colis retard
absence bulletin trimestre orientation voeux affectation bourse cantine transport handicap aménagement référent médecin
avis urgent merci bonjour madame cordialement salutations question problème demande information précision situation
numéro référence copie original envoi réception confirmation modification changement prénom nom naissance nationalité
titre séjour domicile déménagement mutation fermeture ouverture calendrier vacances rentrée semaine lundi mardi mercredi
jeudi vendredi samedi matin soir aujourd'hui demain hier mois année prochaine dernière service conseillère équipe""".split()  # noqa: SIM905 - read as prose
_ROOTS = """accord act admin affect aid ajout analys appel appren assur attest avanc bas bloqu calcul cadr camp cert chang
charg cherch class cod command compl concern conf cons contr cour cré déclar défin demand dépos dérog détail dispos doss éch
élev émet empl engag entr équip estim établ étud éval exig expir factur ferm final form fourn gar génér gest grad habilit
hor ident impos indic inform init inscr instr intégr inter jug just lim liv log maint mand mesur mod mont not num oblig obten
occup offr opér organ orient pai parl part pass pens perm plac plan port poss prat prec prép prés prev prof prolong propos
prot prouv qual rapp récl rect réduc régl rejet rempl renouv répart rés résil respect retr révis sais sanct scol séc sign
simul situ solid soum spéc stat struct suiv supp suspend tard techn tent term trait transf trav util val vérif vers viol""".split()  # noqa: SIM905 - read as prose
_PREFIXES = ("", "re", "dé", "pré", "in", "sur", "co", "sous", "contre", "auto", "inter", "trans")
_SUFFIXES = """er ation ations ement ements able ables eur euse eurs age ages é ée és ées ant ante ons ez ent ait aient era
eront ité ités if ive ifs ives ique iques isme iste istes oir ure ures""".split()  # noqa: SIM905 - read as prose
FIRST = """Camille Léa Manon Chloé Inès Zoé Élodie Aurélie Céline Françoise Hélène Béatrice Noémie Maëlys Anaïs Éléonore
Jean Pierre Louis Hugo Théo Jérôme François Gaëtan Loïc Raphaël Clément Étienne Rémi Mickaël Sébastien Grégory Yanis Mehdi
Amine Fatou Aminata Moussa Ibrahim Aïcha Nadia Karim Linh Minh Ana Sofia Paulo Ewa Ioana Mihai""".split()  # noqa: SIM905 - read as prose
LAST = """Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David
Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure André Mercier Blanc Guérin
Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry Roussel Mathieu Gautier
Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer Dufour Meunier Brun Blanchard Giraud Joly Rivière Lucas Brunet
Gaillard Barbier Arnaud Martinez Gérard Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre Aubert Lemoine
Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoît Rey Leclerc Payet Rolland Leclercq Guillaume Lecomte Lopez Jean
Dupuy Guillot Hubert Berger Carpentier Sanchez Dupuis Moulin Louis Deschamps Huet Vasseur Perez Boucher Fleury Royer Klein
Jacquet Adam Paris Poirier Marty Aubry Guyot Carré Charles Renault Charpentier Ménard Maillard Baron Bertin Bailly Hervé
Schneider Fernandez Le-Gall Collet Léger Bouvier Julien Prévost Millet Perrot Daniel Le-Roux Cousin Germain Breton Besson
Langlois Rémy Diallo Traoré Nguyen Benali Cissé Haddad Kowalski Popescu Ferreira""".split()  # noqa: SIM905 - read as prose
_DOMAINS = ("courriel.example", "boite.example", "messagerie.example", "pro.example", "etudiant.example")


def vocabulary(size: int, seed: int = 1) -> list[str]:
    """Words by falling frequency: common ones first, then those of the trade, then the long tail."""
    chance = Random(seed)
    tail = [p + r + s for p, r, s in product(_PREFIXES, _ROOTS, _SUFFIXES)]
    chance.shuffle(tail)
    words = list(dict.fromkeys([*_COMMON, *_DOMAIN, *tail]))
    while len(words) < size:
        words += [
            f"{chance.choice(_ROOTS)}{chance.choice(_ROOTS)}{chance.choice(_SUFFIXES)}" for _ in range(size)
        ]
        words = list(dict.fromkeys(words))
    return words[:size]


class Writer:
    """Writes sentences, names and addresses."""

    def __init__(self, seed: int, size: int = 30_000) -> None:
        self.chance = Random(seed)
        self.words = vocabulary(size)
        # Zipf: the n-th word is met 1/n times as often as the first.
        self._weights = list(accumulate(1 / (n + 2.7) for n in range(len(self.words))))

    def some(self, count: int) -> list[str]:
        """Words as often as in the language."""
        return self.chance.choices(self.words, cum_weights=self._weights, k=count)

    def text(self, count: int) -> str:
        """Sentences and paragraphs of ``count`` words."""
        words, at, sentences = self.some(count), 0, []
        while at < count:
            step = 6 + int(self.chance.random() * 14)
            sentences.append(" ".join(words[at : at + step]).capitalize() + ".")
            at += step
        return "\n\n".join(" ".join(sentences[n : n + 4]) for n in range(0, len(sentences), 4))

    def person(self, number: int) -> tuple[str, str]:
        """Name and address; the same for the same number."""
        first, rest = FIRST[number % len(FIRST)], number // len(FIRST)
        last, rest = LAST[rest % len(LAST)], rest // len(LAST)
        plain = f"{first}.{last}".lower().translate(_PLAIN)
        return f"{first} {last.replace('-', ' ')}", f"{plain}{rest or ''}@{_DOMAINS[number % len(_DOMAINS)]}"


_PLAIN = str.maketrans("éèêëàâîïôöùûüç", "eeeeaaiioouuuc")
