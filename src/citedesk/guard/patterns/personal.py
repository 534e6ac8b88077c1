"""Structured personal data: addresses of mail, numbers of telephones, cards, accounts and documents.

Sources: RFC 5322 and 5890 (mail), ISO 13616 (IBAN), ISO/IEC 7812 (cards), ITU-T E.164 and E.123 and national plans
(telephones), the Social Security Administration's rules of 2011 (SSN).
"""

import re

from citedesk.guard.patterns.checks import card, iban, telephone
from citedesk.guard.patterns.pattern import Pattern

_EXTENSION = r"(?:[ ,]{0,2}(?:x|ext\.?|extension|durchwahl|#)[ .:]{0,2}\d{1,6})?"
_ALIKE = (
    r"(?:\s{0,2}(?:[:=#]|\b(?:is|was|ist|lautet|est|es|number|num|no|nr|nummer|numero|número|on|of)\b\.?)){0,3}\s{0,3}"
)

EMAILS: tuple[Pattern, ...] = (
    Pattern(
        "EMAIL",
        re.compile(
            r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:[^\W\d_]{2,24}|xn--[A-Za-z0-9-]{2,59})(?![\w-])"
        ),
        words=("@",),
    ),
    # Written so that machines should not find it.
    Pattern(
        "EMAIL",
        re.compile(
            r"(?i)(?<![\w.+%-])[\w.+%-]{1,64}\s{0,2}[(\[{]\s?(?:at|@|ät)\s?[)\]}]\s{0,2}[^\W_][\w-]{0,62}(?:\s{0,2}(?:\.|[(\[{]\s?(?:dot|punkt|point|\.)\s?[)\]}]|\s(?:dot|punkt)\s)\s{0,2}[^\W_][\w-]{0,62}){1,4}"
        ),
        words=("at)", "at]", "at}", "at )", "at ]", "at }", "@", "ät"),
    ),
    Pattern(
        "EMAIL",
        re.compile(
            r"(?i)(?<![\w.+%-])[\w.+%-]{1,64}\s(?:at|@)\s[^\W_][\w-]{0,62}(?:\s(?:dot|punkt)\s[^\W_][\w-]{0,62}){0,3}\s(?:dot|punkt)\s[a-z]{2,12}(?!\w)"
        ),
        words=(" dot", " punkt", "dot", "punkt"),
    ),
)

BANKS: tuple[Pattern, ...] = (
    # The printed form twice: words in capitals may follow (groups with a digit only), or belong to it (all groups).
    Pattern(
        "IBAN",
        re.compile(
            r"\b[A-Z]{2}\d{2}[ -][A-Z0-9]{4}(?:[ -](?=[A-Z]{0,3}\d)[A-Z0-9]{4}){1,6}(?:[ -](?=[A-Z]{0,2}\d)[A-Z0-9]{1,3})?\b"
        ),
        iban,
        digits=8,
        number=True,
    ),
    Pattern(
        "IBAN",
        re.compile(r"\b[A-Za-z]{2}\d{2}(?:[A-Za-z0-9]{11,30}|(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?)\b"),
        iban,
        digits=8,
        number=True,
    ),
    # The printed forms first: an expiry date or a check number may follow them.
    Pattern(
        "CARD",
        re.compile(r"(?<![\w.])(?:\d{4}(?:[ -]\d{4}){3}|\d{4}[ -]\d{6}[ -]\d{4,5}|\d{12,19})(?!\w)"),
        card,
        digits=12,
        number=True,
    ),
    Pattern("CARD", re.compile(r"(?<![\w.])\d(?:[ -]?\d){11,18}(?![\w])"), card, digits=12, number=True),
    Pattern(
        "BANK",
        re.compile(
            rf"(?i)(?<!\w)(?:(?:bank |checking |savings )?(?:account|acct)\.?(?: number| no\.?| #| nr\.?)|account#|routing(?: number| no\.?)?|aba(?: number)?|sort[ -]?code|kontonummer|konto-?nr\.?|bankleitzahl|blz|"
            rf"clabe|bsb(?: number)?|numéro de compte|número de cuenta){_ALIKE}(\d(?:[ -]?\d){{5,17}})(?!\w)"
        ),
        group=1,
        digits=6,
        number=True,
        starts=(
            "account", "acct", "bank ", "checking ", "savings ", "routing", "aba", "sort", "konto", "bankleitzahl", "blz", "clabe", "bsb",
            "numéro de compte", "número de cuenta",
        ),
    ),
)  # fmt: skip

PHONES: tuple[Pattern, ...] = (
    Pattern(
        "PHONE",
        re.compile(rf"(?i)(?<![\w+])\+\d(?:[ ./()-]{{0,3}}\d){{6,14}}{_EXTENSION}(?!\w)"),
        telephone,
        words=("+",),
        digits=7,
        number=True,
    ),
    # North America, with or without its country code; the extension may stand directly after it.
    Pattern(
        "PHONE",
        re.compile(
            rf"(?i)(?<![\w.-])(?:(?:001|1)[ .-])?(?:\(\d{{3}}\)[ -]?|\d{{3}}[ .-])\d{{3}}[ .-]\d{{4}}{_EXTENSION}(?![\w-])"
        ),
        digits=10,
        number=True,
    ),
    # Abroad as dialled in most countries.
    Pattern(
        "PHONE",
        re.compile(r"(?<![\w.,:/-])00[1-9]\d{0,2}[ ./(-]{1,2}\d(?:[ ./()-]{0,2}\d){5,11}(?![\w:-])"),
        telephone,
        words=("00",),
        digits=8,
        number=True,
    ),
    Pattern(
        "PHONE",
        re.compile(r"(?<![\w.,:/-])\(?0\d{1,5}\)?[ /-]{1,3}\d{2,5}(?:[ /-]?\d{2,5}){1,3}(?![\w:-])"),
        telephone,
        words=("0",),
        digits=7,
        number=True,
    ),
    Pattern("PHONE", re.compile(r"(?<![\w.,:/-])0[1-9](?:[. ]\d{2}){4}(?![\w:.-])"), words=("0",), digits=10, number=True),
    # National forms that nothing else has: a trunk digit and ten digits in one, groups as in Spain, Poland, India, China,
    # Australia's and Russia's free numbers.
    Pattern(
        "PHONE",
        re.compile(
            r"(?<![\w.,:/-])(?:0[1-9]\d{8,9}|[6-9]\d \d{3} \d{2} \d{2}|[6-9]\d{2} \d{2} \d{2} \d{2}|[2-9]\d{2}-\d{3}-\d{3}|[679]\d{2} \d{3} (?!000)\d{3}|[6-9]\d{4}[ -]\d{5}|"
            r"1[3-9]\d[ -]\d{4}[ -]\d{4}|1[38]00[ -]\d{3}[ -]\d{3}|8[ -]\(?\d{3}\)?[ -]\d{3}-\d{2}-\d{2})(?![\w:-]|[.,]\d| \d)"
        ),
        telephone,
        digits=9,
        number=True,
    ),
    # An area code in brackets is how people write telephone numbers, and little else.
    Pattern(
        "PHONE",
        re.compile(r"(?<![\w.,:/-])\(0?\d{1,5}\)[ -]?\d{2,4}(?:[ -]?\d{2,4}){1,3}(?![\w:-])"),
        telephone,
        words=(")",),
        digits=7,
        number=True,
    ),
    Pattern(
        "PHONE",
        re.compile(
            r"(?i)(?<![^\W_])(?:tel|phone|telephone|mobile|cell|call(?: (?:me|us|him|her))?|dial|ring|fax|fon|telefon|handy|mobil|m[oó]vil|tel[eé]fono|"
            r"t[eé]l[eé]phone|portable|telefoon|telefono|cellulare|puh|tlf|whatsapp|sms|text me|reach (?:me|us|him|her))(?![^\W_])\.?"
            rf"(?:\s{{0,2}}(?:[:=#(]|\b(?:is|was|ist|lautet|est|es|number|num|no|nr|nummer|numero|número|on|at|under|unter|au|al|to|me|us)\b\.?)){{0,4}}\s{{0,3}}(\(?\d(?:[ ./()-]{{0,2}}\d){{6,14}}{_EXTENSION})(?!\w)"
        ),
        telephone,
        group=1,
        digits=7,
        number=True,
        starts=(
            "tel", "tél", "phone", "mobil", "movil", "móvil", "cell", "call", "dial", "ring", "fax", "fon", "handy", "portable", "puh", "tlf",
            "whatsapp", "sms", "text me", "reach ",
        ),
    ),
)  # fmt: skip

PAPERS: tuple[Pattern, ...] = (
    Pattern(
        "SSN",
        re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
        digits=9,
        words=("-",),
        number=True,
    ),
    Pattern(
        "SSN",
        re.compile(
            rf"(?i)(?<!\w)(?:ssn|social security|soc sec|sozialversicherungsnummer){_ALIKE}((?!000|666|9)\d{{3}}[ -]?(?!00)\d{{2}}[ -]?(?!0000)\d{{4}})(?!\w)"
        ),
        group=1,
        digits=9,
        number=True,
        starts=("ssn", "social security", "soc sec", "sozialversicherungsnummer"),
    ),
    # The United Kingdom and Italy: forms that nothing else has.
    Pattern(
        "NATIONAL_ID",
        re.compile(
            r"(?<![\w-])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\w-])"
        ),
        digits=6,
        number=True,
    ),
    Pattern(
        "NATIONAL_ID",
        re.compile(r"(?<![\w-])[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?![\w-])"),
        digits=7,
        run=14,
    ),
    Pattern(
        "PASSPORT",
        re.compile(
            rf"(?i)(?<!\w)(?:passport|reisepass(?:nummer)?|passeport|pasaporte|paspoort|pass-?nr\.?){_ALIKE}((?=[A-Z]{{0,3}}\d)[A-Z0-9]{{6,12}})(?!\w)"
        ),
        lambda value: sum(c.isdigit() for c in value) >= 4,
        group=1,
        starts=("passport", "reisepass", "passeport", "pasaporte", "paspoort", "passnr", "pass-nr"),
        digits=4,
    ),
    Pattern(
        "DRIVER_LICENSE",
        re.compile(
            rf"(?i)(?<!\w)(?:driv(?:er|ing|er's|ers|er´s|er’s)['’]?s? licen[cs]e|dl|führerschein(?:nummer)?|permis de conduire|licencia de conducir|rijbewijs){_ALIKE}((?=[A-Z]{{0,5}}[ -]?\d)[A-Z0-9](?:[ -]?[A-Z0-9]){{4,18}})(?!\w)"
        ),
        lambda value: sum(c.isdigit() for c in value) >= 4,
        group=1,
        starts=("driv", "dl", "führerschein", "permis", "licencia", "rijbewijs"),
        digits=4,
    ),
    Pattern(
        "DATE_OF_BIRTH",
        re.compile(
            r"(?i)(?<!\w)(?:birth ?date|birthday|birth|dob|d\.o\.b\.|born(?: on)?|geboren(?: am)?|geburtsdatum|geb\.|né(?:e)? le|naissance|"
            rf"nacimiento|nacid[oa] el|geboortedatum){_ALIKE}"
            r"(\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}|\d{1,2}(?:st|nd|rd|th)?\.? [^\W\d_]{3,10}\.?,? \d{4}|[^\W\d_]{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4})(?!\w)"
        ),
        group=1,
        starts=("birth", "dob", "d.o.b.", "born", "geboren", "geburtsdatum", "geb.", "né le", "née le", "naissance", "nacimiento", "nacid", "geboorte"),
        digits=4,
    ),
)  # fmt: skip

STRUCTURED: tuple[Pattern, ...] = (*EMAILS, *BANKS, *PAPERS, *PHONES)
