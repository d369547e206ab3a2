"""The language of a text from its script and its commonest small words: enough to choose an adviser or a
template, and cheap enough for every mail."""

from __future__ import annotations

import re

_MAX_CHARS = 800
_WORDS = re.compile(r"[^\W\d_]{1,12}")

_SMALL_WORDS = {
    "fr": """le la les un une des du de et est dans pour que qui je vous nous mon ma mes votre vos ne pas sur avec
        au aux ce cette suis ai il elle on par plus bonjour merci bien cordialement être avoir comment""",
    "en": """the and is are of to in for that you your my we have has with this be not at from it was will can i
        please hello dear thanks thank regards would could am do if""",
    "es": """el los las una y es en para que por con mi su usted no se del al lo gracias hola saludos muy como está
        estoy tengo puedo me""",
    "de": """der die das und ist nicht ich sie wir ein eine mit für auf zu den dem von im bitte danke hallo sehr
        grüßen haben kann""",
    "it": """il gli che di e è per non una con sono mi della del grazie buongiorno saluti vorrei come ho questo""",
    "pt": """o os as um uma e é não que para com por do da dos em meu minha obrigado obrigada olá bom estou você""",
    "nl": """de het een en is niet ik u van op te voor met dat zijn aan bedankt hallo groet graag kan""",
}
_WORDS_OF = {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}

_SCRIPTS = (
    (re.compile("[\u3040-\u30ff]"), "ja"),
    (re.compile("[\uac00-\ud7af]"), "ko"),
    (re.compile("[\u4e00-\u9fff]"), "zh"),
    (re.compile("[\u0600-\u06ff]"), "ar"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0370-\u03ff]"), "el"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0900-\u097f]"), "hi"),
)
_NOT_LATIN = re.compile("[\u0370-\u1fff\u2e80-\ufaff]")
_CYRILLIC = re.compile("[\u0400-\u04ff]")


def language_of(text: str) -> str | None:
    """The ISO 639-1 code of the language of `text`, or None when there is too little to tell."""
    sample = text[:_MAX_CHARS]
    if _NOT_LATIN.search(sample):
        foreign = _by_script(sample)
        if foreign:
            return foreign
    words = set(sample.lower().replace("’", "'").replace("'", " ").replace(",", " ").split())
    score, best = max((len(words & small), language) for language, small in _WORDS_OF.items())
    return best if score >= 2 or (score and len(sample) < 40) else None


def _by_script(sample: str) -> str | None:
    letters = sum(1 for _ in _WORDS.finditer(sample)) or 1
    cyrillic = len(_CYRILLIC.findall(sample))
    if cyrillic > letters:
        return "uk" if any(c in sample for c in "іїєґІЇЄҐ") else "ru"
    for pattern, language in _SCRIPTS:
        if len(pattern.findall(sample)) * 2 > letters:
            return language
    return None
