"""Postal addresses by number, word for a street, city and postcode, as the United States, the United Kingdom, Germany,
France, Spain, Italy, the Netherlands and the Nordic countries write them.

Leaves out cities alone, and villages without street names.
"""

import re

from citedesk.guard.patterns.letters import BIG, NAME, SMALL
from citedesk.guard.patterns.pattern import Pattern

_GAP = r"(?: ?,[ \n]{0,2}| ?\n,?[ ]{0,2}| )"
_BREAK = r"(?: ?,[ \n]{0,2}| ?\n,?[ ]{0,2})"
_UNIT = rf"(?:{_GAP}(?:Apt|Apartment|Suite|Ste|Unit|Floor|Flat|Room|Rm|Bldg|Building|Dept|No|#)\.?[ #]{{0,2}}[A-Z0-9-]{{1,6}})?"
_CITY = rf"{NAME}\.?(?:[ -](?:(?:am|an der|im|on|upon|de|la|le|sur|der|den|of) )?{NAME}){{0,3}}"
_UK_POST = r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}"
_POST = rf"(?:(?:[A-Z]{{1,2}}-)?\d{{4,6}}(?:-\d{{3,4}})?|\d{{3}} \d{{2}}|{_UK_POST}|[A-Z]\d[A-Z] ?\d[A-Z]\d)(?!\w)"
_COUNTRY = (
    r"(?:USA|United States(?: of America)?|UK|United Kingdom|England|Scotland|Wales|Ireland|Germany|Deutschland|France|Spain|España|Italy|Italia|"
    r"Netherlands|Nederland|Belgium|Belgique|Switzerland|Schweiz|Suisse|Austria|Österreich|Sweden|Sverige|Norway|Norge|Denmark|Danmark|Finland|"
    r"Suomi|Poland|Polska|Portugal|Canada|Australia|New Zealand|India|Brazil|Brasil|Mexico|México|Japan|Uruguay|Argentina|Chile|Colombia)(?!\w)"
)
# What ends it is a postcode, before or after its city, with state and country where they are given.
_END = rf"(?:(?:{_CITY}{_GAP})?(?:[A-Z]{{2}} |{NAME}{_GAP})?{_POST}(?: [A-Z]{{2}}(?!\w))?(?: {_CITY})?|{_CITY}, ?[A-Z]{{2}}(?!\w))(?:{_GAP}{_COUNTRY})?"
_TAIL = rf"(?:(?:{_BREAK}(?:{_CITY}|[A-Z]{{2}}(?!\w))){{0,3}}{_GAP}{_END})"
_REST = rf"{_UNIT}{_TAIL}?"

_STREETS = (
    "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Way|Square|Sq|Place|Pl|Terrace|Ter|Parkway|Pkwy|Highway|"
    "Hwy|Close|Crescent|Cres|Gardens|Grove|Mews|Circle|Cir|Trail|Trl|Loop|Alley|Pike|Walk|Hill|Quay|Wharf|Esplanade"
)
_ENDINGS = (
    "straße|strasse|str\\.|gasse|allee|platz|damm|ufer|chaussee|gatan|vägen|vegen|veien|veier|gata|vej|gade|stræde|katu|tie|kuja|straat|laan|"
    "plein|gracht|kade|dijk|singel"
)  # fmt: skip
_RUE = "rue|avenue|av\\.|boulevard|bd|place|chemin|impasse|allée|allées|quai|route|cours|passage|square"
_CALLE = "Calle|C/|Avenida|Avda\\.?|Av\\.|Plaza|Pza\\.?|Paseo|Carrer|Camino|Ronda|Rua|Rúa|Travessa|Praça|Via|Viale|Piazza|Piazzale|Corso|Largo|Vicolo"
_SMALL_WORDS = (
    r"(?:de la |de los |de las |de l'|del |della |delle |dei |des |du |de |d'|l'|la |le |les |los |las |dos |da |do )"
)

ADDRESSES: tuple[Pattern, ...] = (
    Pattern(
        "ADDRESS",
        re.compile(
            rf"(?<![\w.,/-])\d{{1,5}}[A-Za-z]?(?:[-/]\d{{1,4}})?,? (?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\.? )?(?:{BIG}[\w'’.-]{{0,25}} ){{1,4}}(?:{_STREETS})(?!\w)\.?{_REST}"
        ),
        words=tuple(f" {street.lower()}" for street in _STREETS.split("|")),
        digits=1,
    ),
    Pattern(
        "ADDRESS",
        re.compile(
            rf"(?<![\w-])(?:{BIG}{SMALL}{{1,20}}(?:-| )){{0,3}}(?:{BIG}[\w-]{{1,40}}(?:{_ENDINGS}|weg|ring)|(?:Straße|Strasse|Str\.|Platz|Allee)) \d{{1,4}}(?: ?[a-zA-Z](?!\w))?{_REST}"
        ),
        words=(*(e.replace("\\", "") for e in _ENDINGS.split("|")), "weg", "ring"),
        digits=1,
    ),
    Pattern(
        "ADDRESS",
        re.compile(
            rf"(?<![\w.,/-])\d{{1,4}}(?: ?(?:bis|ter|quater))?,? (?i:{_RUE}) {_SMALL_WORDS}?(?:{BIG}[\w'’-]{{1,25}})(?:[ -](?:{_SMALL_WORDS}?{BIG}[\w'’-]{{1,25}}|de|du)){{0,4}}{_REST}"
        ),
        words=tuple(r.replace("\\", "") for r in _RUE.split("|")),
        digits=1,
    ),
    Pattern(
        "ADDRESS",
        re.compile(
            rf"(?<!\w)(?:{_CALLE}) {_SMALL_WORDS}?{BIG}[\w'’-]{{1,25}}(?: (?:{_SMALL_WORDS})?{BIG}[\w'’-]{{1,25}}){{0,4}},? (?:n[ºo°]\.? ?)?\d{{1,4}}[A-Za-z]?(?![\w.])"
            rf"(?:, ?\d{{1,2}}[ºª°] ?\w?)?{_REST}"
        ),
        words=("calle", "c/", "avenida", "av", "plaza", "pza", "paseo", "carrer", "camino", "ronda", "rua", "rúa", "travessa", "praça", "via", "piazza", "corso", "largo", "vicolo"),
        digits=1,
    ),
    Pattern("ADDRESS", re.compile(rf"(?i)(?<!\w)P\.? ?O\.? ?Box \d{{1,7}}(?!\w)(?-i:{_REST})"), words=("box",), digits=1),
    # Any name of a street, where city and postcode follow in the form of an address.
    Pattern(
        "ADDRESS",
        re.compile(
            rf"(?<![\w.,:/#-])\d{{1,5}}[A-Za-z]? (?:{BIG}[\w'’.-]{{0,25}} ?){{1,5}}(?:\d{{1,4}}[A-Za-z]?)?{_UNIT}(?:{_BREAK}(?:{_CITY}|[A-Z]{{2}}(?!\w))){{1,4}}{_GAP}{_END}"
        ),
        words=(",", "\n"),
        digits=4,
    ),
    # And where the number follows it, as on the continent.
    Pattern(
        "ADDRESS",
        re.compile(
            rf"(?<![\w-])(?:{BIG}[\w'’.-]{{1,30}} ){{1,4}}\d{{1,4}}(?: ?[a-zA-Z])?{_BREAK}(?:[A-Z]{{1,2}}-)?(?:\d{{5}}|\d{{4}}(?: [A-Z]{{2}})?|\d{{3}} \d{{2}}) {_CITY}(?:{_GAP}{_COUNTRY})?"
        ),
        words=(",", "\n"),
        digits=5,
    ),
)  # fmt: skip
