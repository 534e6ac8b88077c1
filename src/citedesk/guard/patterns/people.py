"""Names of people: by what stands before them, or by a well-known given name and another name after it.

Leaves out what only a language model finds: a rare name in the middle of a sentence, a first name alone.
"""

import re

from citedesk.guard.patterns.given import GIVEN
from citedesk.guard.patterns.letters import BIG, NAME, SMALL
from citedesk.guard.patterns.pattern import Pattern

_PARTICLE = r"(?:(?:van|von|de|der|den|ter|da|di|del|della|dos|do|du|la|le|bin|ibn|al|el|zu) ){0,2}"
_MORE = rf"(?: (?:{BIG}\. ?){{0,2}}{_PARTICLE}{NAME})"
_FULL = rf"{NAME}(?: {BIG}\.)?{_MORE}{{0,3}}"
_TWO = rf"{NAME}(?: {BIG}\.)?{_MORE}{{1,3}}"

# Words with a capital that stand where names stand.
_NO_NAMES = frozenset(
    [
        "Team",
        "Support",
        "Desk",
        "Service",
        "Services",
        "Helpdesk",
        "Help",
        "Admin",
        "Administrator",
        "Admins",
        "All",
        "Everyone",
        "Everybody",
        "Folks",
        "Colleagues",
        "Colleague",
        "Sir",
        "Madam",
        "Customer",
        "Customers",
        "User",
        "Users",
        "Group",
        "Department",
        "Office",
        "Manager",
        "Management",
        "Engineering",
        "Operations",
        "Security",
        "Network",
        "Platform",
        "System",
        "Systems",
        "Server",
        "Windows",
        "Linux",
        "Microsoft",
        "Google",
        "Apple",
        "Amazon",
        "Azure",
        "Jenkins",
        "Grafana",
        "Prometheus",
        "Jira",
        "Slack",
        "Zoom",
        "Teams",
        "Outlook",
        "Excel",
        "Word",
        "Sharepoint",
        "Github",
        "Gitlab",
        "Docker",
        "Kubernetes",
        "Oracle",
        "Salesforce",
        "Cisco",
        "Adobe",
        "Office",
        "Chrome",
        "Firefox",
        "Safari",
        "Android",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
        "Unknown",
        "None",
        "Null",
        "Test",
        "Error",
        "Warning",
        "Info",
        "Production",
        "Staging",
        "Development",
        "Cloud",
        "Data",
        "Database",
        "Api",
        "App",
        "Application",
        "Portal",
        "Server",
        "Client",
        "Internal",
        "External",
        "Public",
        "Private",
        "Default",
        "Global",
        "Local",
        "Remote",
        "Main",
        "Primary",
        "Secondary",
        "Request",
        "Incident",
        "Change",
        "Problem",
        "Ticket",
        "Alert",
        "Issue",
        "Bug",
        "Feature",
        "New",
        "Old",
        "The",
        "This",
        "That",
        "There",
        "They",
        "These",
        "Those",
        "What",
        "When",
        "Where",
        "Who",
        "Why",
        "How",
        "Please",
        "Thanks",
        "Thank",
        "Regards",
        "Best",
        "Kind",
        "Hello",
        "Hi",
        "Dear",
        "Hey",
        "Good",
        "Morning",
        "Afternoon",
        "Evening",
        "World",
        "Just",
        "It",
        "Is",
        "Are",
        "Was",
        "Can",
        "Could",
        "Would",
        "Should",
        "Have",
        "Has",
        "Had",
        "Not",
        "No",
        "Yes",
        "Again",
        "And",
        "Or",
        "But",
        "For",
        "From",
        "With",
        "Without",
        "About",
        "After",
        "Before",
        "Since",
        "Our",
        "Your",
        "My",
        "His",
        "Her",
        "Their",
        "Its",
        "We",
        "You",
        "He",
        "She",
        "Desk",
        "Billing",
        "Payments",
        "Finance",
        "Sales",
        "Marketing",
        "Legal",
        "Accounting",
        "Human",
        "Resources",
        "Duty",
        "Call",
        "Shift",
        "Crew",
        "Staff",
        "Board",
        "Lead",
        "Owner",
        "Info",
        "Vpn",
        "Mail",
        "Email",
        "Sre",
        "Devops",
        "Ops",
        "Kollegen",
        "Kolleginnen",
        "Damen",
        "Herren",
        "Zusammen",
        "Guten",
        "Tag",
        "Morgen",
        "Hallo",
        "Alle",
        "Leute",
        "Equipo",
        "Todos",
        "Equipe",
        "Bonjour",
        "Hola",
        "Buenos",
        "Buenas",
        "Gracias",
    ]
)
_CUE_WORDS = (
    "mr", "ms", "mrs", "miss", "dr", "prof", "herr", "frau", "sr", "señor", "monsieur", "madame", "mme", "mlle", "dhr", "mevrouw",
    "sig", "sir", "madam",
)  # fmt: skip
_LABELS = (
    r"full name|employee name|customer name|contact name|user'?s? name|display name|cardholder(?: name)?|account holder|name on card|reported by|"
    r"requested by|submitted by|raised by|opened by|approved by|created by|logged by|assigned to|forwarded by|sent by|requester|reporter|"
    r"requestor|caller|employee|contact|contact person|attn|attention|patient|manager|line manager|ansprechpartner(?:in)?|kontakt|mitarbeiter(?:in)?|"
    r"vollständiger name|melder|nom(?: complet)?|prénom|nombre(?: completo)?|naam|nome|namn|navn|name|from|to|cc|von|an|de"
)
_LABEL_WORDS = (
    "name", "holder", " by", "assigned to", "request", "reporter", "caller", "employee", "contact", "attn", "attention", "patient",
    "manager", "ansprech", "kontakt", "mitarbeiter", "melder", "nom", "naam", "namn", "navn", "from", "to", "cc", "von", "an", "de",
)  # fmt: skip


def _words(value: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", value)


def _person(value: str) -> bool:
    """No word of it is the name of a thing, a greeting or a month."""
    return not any(word in _NO_NAMES for word in _words(value))


def _known(value: str) -> bool:
    """The first name is a well-known one."""
    words = _words(value)
    return words[0].split("-")[0] in GIVEN and _person(value)


def _likely(value: str) -> bool:
    """Two names, or a well-known one."""
    return _person(value) and (len(_words(value)) > 1 or _known(value))


PEOPLE: tuple[Pattern, ...] = (
    Pattern(
        "PERSON",
        re.compile(
            r"(?<!\w)(?:Mr|MR|Mrs|Ms|Miss|Mx|Dr|DR|Prof|Professor|Herrn?|Frau|Hr|Fr|Sra?|Señora?|Monsieur|Madame|Mme|Mlle|Dhr|Mevrouw|Mevr|Signora?|Sig|Sir|Madam)"
            rf"\.?(?: (?:Dr|Prof)\.?)? ({_PARTICLE}{_FULL})"
        ),
        _person,
        1,
        _CUE_WORDS,
    ),
    Pattern(
        "PERSON",
        re.compile(
            r"(?i:(?<!\w)(?:my (?:full )?name is|my name'?s|name is|mein name ist|ich heiße|je m'appelle|mon nom est|me llamo|mi nombre es|mijn naam is|mi chiamo|"
            rf"jag heter|o meu nome é|speak (?:to|with)|signed,?))\s{{1,2}}({_FULL})"
        ),
        _person,
        1,
        ("name", "heiße", "appelle", "mon nom", "me llamo", "mi nombre", "naam", "chiamo", "heter", "speak", "signed"),
    ),
    Pattern(
        "PERSON",
        re.compile(
            rf"(?i:(?<!\w)(?:i am|i'm|this is|it's|it is|ich bin|hier ist|je suis|soy|ik ben|sono|with|by|met|asked|told|colleague|manager|boss|user|employee|"
            rf"customer|from|to|for|cc)) ({_FULL})"
        ),
        _known,
        1,
        ("i am", "i'm", "this is", "it", "ich bin", "hier ist", "je suis", "soy", "ik ben", "sono", "with", "by", "met", "asked", "told",
         "colleague", "manager", "boss", "user", "employee", "customer", "from", "to", "for", "cc"),
    ),
    Pattern(
        "PERSON",
        re.compile(
            rf"(?im:^[\s>]{{0,4}}(?:hi|hello|hey|dear|hallo|liebe[rs]?|sehr geehrter?|guten tag|bonjour|cher|chère|salut|hola|estimad[oa]|querid[oa]|ciao|"
            rf"gentile|caro|cara|beste|geachte|hej|kære|good (?:morning|afternoon|evening)|thanks|thank you)),? ({_FULL})(?=[ \t]{{0,3}}(?:[,!:;.–-]|\n|$))"
        ),
        _known,
        1,
        ("hi", "hello", "hey", "dear", "hallo", "liebe", "sehr geehrte", "guten tag", "bonjour", "cher", "chère", "salut", "hola", "estimad", "querid", "ciao",
         "gentile", "caro", "cara", "beste", "geachte", "hej", "kære", "good", "thank"),
    ),
    # The line below a closing formula.
    Pattern(
        "PERSON",
        re.compile(
            r"(?im:^[ \t>]{0,4}(?:(?:kind|best|warm|many)? ?regards|thanks(?: and regards| in advance| a lot| so much)?|thank you|cheers|best(?: wishes)?|all the best|sincerely(?: yours)?|"
            r"yours(?: sincerely| truly| faithfully)?|respectfully|(?:mit )?(?:freundlichen?|besten?|viele[n]?|liebe|schöne) grü(?:ß|ss)en?|gruß|gruss|mfg|danke|cordialement|bien à vous|merci|"
            rf"saludos(?: cordiales)?|un saludo|atentamente|gracias|cordiali saluti|grazie|groeten|met vriendelijke groet(?:en)?|mvh|hilsen|vänliga hälsningar))[,.!]?[ \t]{{0,3}}\n{{1,3}}[ \t>-]{{0,4}}({_FULL})(?=[ \t]{{0,3}}(?:[,|/(]|\n|$))"
        ),
        _likely,
        1,
        ("regards", "thank", "cheers", "best", "sincerely", "yours", "respectfully", "grü", "gruß", "gruss", "mfg", "danke", "cordial", "bien", "merci", "saludo",
         "atentamente", "gracias", "grazie", "groet", "mvh", "hilsen", "hälsningar"),
    ),
    Pattern(
        "PERSON",
        re.compile(rf"(?im:^[ \t>*•-]{{0,4}}(?:{_LABELS})\**[ \t]{{0,2}}:\**)[ \t]{{0,3}}[\"']?({_TWO})(?=[\"']?[ \t]{{0,3}}(?:[<,;|(\[]|\n|$))"),
        _person,
        1,
        (":",),
    ),
    Pattern(
        "PERSON",
        re.compile(rf"(?i:(?<!\w)(?:{_LABELS})[ \t]{{0,2}}[:=]?)[ \t]{{1,3}}[\"']?({_FULL})"),
        _known,
        1,
        _LABEL_WORDS,
    ),
    # A well-known given name and another name, wherever they stand.
    Pattern("PERSON", re.compile(rf"(?<![^\W\d_])(?=({_TWO})){BIG}{SMALL}"), _known, 1, (" ",)),
)  # fmt: skip
