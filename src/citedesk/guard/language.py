"""Say which language a text is written in, from its letters and its commonest words.

Ten languages in Latin letters, and others by their script. Linear-time; reads the beginning of long texts. Leaves out
mixtures, dialects, and texts too short to tell: those are None.
"""

import re
from collections import Counter

# Characters that are read: enough to tell, and no more work for a log of a megabyte.
_READ = 6_000
# Least share of the words that must be common ones of the language, and least number of them.
_LEAST_SHARE, _LEAST_WORDS = 0.08, 2
# The best language must lead the next by this factor.
_LEAD = 1.15

_COMMON = {
    "en": "the and to of is in it that for on with this are was not you have my be at from we but when can cannot please our has been after will there",
    "de": "der die das und ist nicht ich es ein eine den mit auf für im zu von sich dem wir sie bei wird auch seit kann keine bitte noch wie aber nach habe",
    "es": "el la los las de que y en un una es no se por con para del al me lo su desde cuando está pero más como mi hemos puedo nos favor tengo hay",
    "fr": "le la les des et est un une de du en que pas ne je vous nous sur pour dans avec il au ce mon plus depuis mais qui sont cette merci ai être",
    "it": "il lo la gli di che e è un una non per con del della sono nel da ho si mi alla questo ma come più quando dopo anche grazie ci le dei",
    "pt": "o os as de que e é um uma não em da para com na por se meu está mas mais como ao quando foi dos das você tenho obrigado depois",
    "nl": "de het een en van is niet ik dat op te in voor met zijn er aan maar ook bij wordt naar kan als we heb deze geen sinds graag wij nog om",
    "pl": "na się nie jest że jak od czy dla ale jestem mam przy tego są być już które proszę nie może przez tylko bardzo mi",
    "sv": "och att det är som en på inte jag med för av har till den om kan vi men så från ett när nu efter vid mig eller också tack",
    "da": "og at det er som en på ikke jeg med for af har til den om kan vi men så fra et når nu efter ved mig eller også tak ikke blev",
}  # fmt: skip
_LANGUAGES = {word: [code for code, line in _COMMON.items() if word in line.split()] for line in _COMMON.values() for word in line.split()}  # fmt: skip
_SCRIPTS = (
    ("uk", re.compile("[іїєґ]")), ("ru", re.compile("[а-яё]")), ("el", re.compile("[α-ωάέήίόύώ]")), ("he", re.compile("[א-ת]")),
    ("ar", re.compile("[\u0621-\u064a]")), ("hi", re.compile("[\u0904-\u0939]")), ("th", re.compile("[\u0e01-\u0e2e]")),
    ("ko", re.compile("[가-힣]")), ("ja", re.compile("[ぁ-んァ-ヶ]")), ("zh", re.compile("[一-鿿]")),
)  # fmt: skip
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]{1,20}")
# Scripts of one language in two: the first that shows in this share of the letters decides.
_SCRIPT_SHARE = {"uk": 0.02, "ja": 0.1}


def language(text: str) -> str | None:
    """Name the language of a text by its ISO 639-1 code; None if too little speaks for any."""
    low = text[:_READ].lower()
    letters = len(_LETTER.findall(low))
    if not letters:
        return None
    for code, script in _SCRIPTS:
        if len(script.findall(low)) >= _SCRIPT_SHARE.get(code, 0.4) * letters:
            return code
    found = _WORD.findall(low)
    seen: Counter[str] = Counter()
    for word in found:
        codes = _LANGUAGES.get(word, ())
        # A word of several languages speaks less for each.
        for code in codes:
            seen[code] += 6 // len(codes) if len(codes) < 6 else 1
    ranked = sorted(seen.items(), key=lambda pair: (-pair[1], pair[0]))
    if not ranked:
        return None
    code, score = ranked[0]
    common = sum(1 for word in found if code in _LANGUAGES.get(word, ()))
    if common < _LEAST_WORDS or common < _LEAST_SHARE * len(found):
        return None
    return code if len(ranked) == 1 or score >= _LEAD * ranked[1][1] else None
