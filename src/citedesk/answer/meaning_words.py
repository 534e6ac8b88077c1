"""The closed lists of `meaning.py`: which words may stand for which, and which words decide what a sentence means.

Left out on purpose: pairs that only mostly mean the same ("delete" and "remove", "mail" and "email", "at once" and
"immediately", "need to" and "must", which differ behind "nobody"), because a step that is nearly right is wrong.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words that may be added or left out anywhere; `a` and `an` are not among them, they say that any one will do.
FREE = frozenset({"please", "kindly", "simply"})
# Ends like a deed and is none.
NOT_DOING = _words("anything something nothing everything thing string during spring morning evening ceiling building")
# Words that may stand before a sentence or not: steps have an order anyway.
LEADS = frozenset({"then", "now", "also"})

CONTRACTIONS = {
    **{
        f"{verb}n't": (verb, "not")
        for verb in _words("do does did is are was were has have had would could should must")
    },
    "won't": ("will", "not"), "can't": ("can", "not"), "cannot": ("can", "not"),
    "it's": ("it", "is"), "that's": ("that", "is"), "there's": ("there", "is"), "what's": ("what", "is"),
    "you're": ("you", "are"), "they're": ("they", "are"),
    "you'll": ("you", "will"), "it'll": ("it", "will"), "they'll": ("they", "will"),
    "you've": ("you", "have"), "they've": ("they", "have"),
}  # fmt: skip

# Several words that stand for one; the longest that fits counts.
PHRASES: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): word
    for word, phrases in {
        "ensure": ("make sure", "make certain", "ensure that", "make sure that", "make certain that"),
        "check-that": ("check that", "verify that"),
        "so": ("so that",),
        "because": ("for the reason that",),
        "because-of": ("because of", "due to", "owing to"),
        "before": ("prior to",),
        "once": ("as soon as",),
        "can": ("is able to", "are able to"),
        "log-in": ("log in", "sign in", "log on", "sign on"),
        "log-out": ("log out", "sign out", "log off", "sign off"),
        "switch-on": ("switch on", "turn on"),
        "switch-off": ("switch off", "turn off"),
        "immediately": ("right away", "straight away"),
        "again": ("once more", "one more time"),
        "currently": ("at present", "at the moment"),
        "for-example": ("for example", "for instance"),
        "speak-to": ("speak to", "talk to"),
        "as-well-as": ("as well as",),
        "nobody": ("no one",),
        "<": ("fewer than", "less than"),
        ">": ("more than", "greater than"),
        ">=": ("at least", "no fewer than", "no less than", "not less than", "a minimum of"),
        "<=": ("at most", "no more than", "not more than", "a maximum of"),
    }.items()
    for phrase in phrases
}

_GROUPS = (
    "begin start", "begins starts", "began started", "beginning starting", "shows displays",
    "require need", "requires needs", "required needed", "help assist", "helps assists", "whole entire", "big large",
    "bigger larger", "biggest largest", "quick fast", "happen occur", "happens occurs", "happened occurred",
    "email e-mail", "emails e-mails", "choose pick select", "buy purchase", "phone telephone",
    "phones telephones", "tell inform notify", "tells informs notifies", "repair fix", "repairs fixes",
    "repaired fixed", "finishes completes", "finished completed", "try attempt", "tries attempts",
    "often frequently", "maybe perhaps", "enough sufficient", "each every",
    "everybody everyone", "somebody someone", "anybody anyone", "while whilst", "although though",
    "wrong incorrect", "previous prior", "further additional", "nearly almost", "thus therefore hence", "halt stop",
    "halts stops", "halted stopped", "is are am", "was were", "authorise authorize", "organise organize",
    "recognise recognize", "initialise initialize", "synchronise synchronize", "cancelled canceled", "colour color",
    "behaviour behavior", "licence license", "centre center", "min mins minute minutes", "sec secs second seconds",
    "hr hrs hour hours", "quickly rapidly", "reply answer", "replies answers",
)  # fmt: skip
# Words that are units only behind a number: "a second printer" is no time.
UNITS = _words("min mins minute minutes sec secs second seconds hr hrs hour hours")
SAME = {form: group.split()[0] for group in _GROUPS for form in group.split()}

NUMBERS = {
    "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip
# Before a number these compare; elsewhere they say where.
COMPARES = {"below": "<", "above": ">", "roughly": "~", "approximately": "~"}

NEGATIONS = _words(
    "not no never none nor neither nobody nothing nowhere without cannot hardly barely rarely seldom unless except "
    "instead rather avoid"
)
MODALS = _words("must may might can could should shall will would ought cannot need dare")
CONDITIONS = _words(
    "if when whenever unless until once before after while as because because-of so although whether provided only "
    "even since during by where otherwise"
)
QUANTITIES = _words(
    "all any each some both every most many much more less few fewer several half none either neither enough exactly "
    "first last another other only twice double always usually often sometimes never already still yet again nearly "
    "< > <= >= ~ a an"
)
FIRST_PERSON = _words("i we us our ours my me mine ourselves we'll we've we're i'll i've i'm i'd we'd")

# Clauses that may change places with the one they belong to, and the words before them or within that forbid it.
OPENERS = _words("if when whenever unless until once before after while because")
# Of these, those that always open a clause; "the state before the restart" is a state, so that the others may move only
# before "you" or "-ing".
MOVABLE = _words("if when whenever unless once because")
MOVABLE_BEFORE_DOING = _words("before after")
ALIKE_IN_FRONT = {"when": "if", "whenever": "if"}
TANGLED = _words(
    "and or but nor then that which who whose whom to whether what how why where so than as not-only also either "
    "neither both because-of"
)
BINDS_NEXT = _words(
    "only even just except soon shortly immediately right directly long day days min minute sec second hr hour week "
    "weeks month months year years time moment not or and of about on for to in at from with is be exactly until "
    "before after than as out made sent built left lost run set put read found bought kept held begun"
)
# Words that end like these are often participles, which a clause behind them belongs to: "rows written when it failed".
PARTICIPLES = ("ed", "en", "ing", "wn")
# Before "-ed" these make a state of it; without them the clause tells of the past, and may say which thing is meant.
AUXILIARIES = _words("is be been being has have not was were")
PAST = _words("was were had did began")
# Who else does something within a sentence, or lets it be done: "the hosts you use when ...".
OTHERS = _words("you they he she we let lets help helps watch")
# "Ask the user when it began": behind these "if" and "when" say what is asked, not on what it depends.
COMPLEMENTED = _words(
    "ask asks check note know knows see sees tell tells say says decide decides find finds show shows verify confirm "
    "look wonder explain explains remember learn test record write state describe determine report list request "
    "specify define predict clear unclear sure unsure"
)
# What a reason may hold and still be left out: nothing that warns, bounds or binds.
WARNINGS = _words(
    "delete deletes deleted lose loses lost loss overwrite overwrites destroy destroys outage risk danger dangerous "
    "break breaks leak leaks corrupt evict evicts wipe wipes fail fails kill kills block blocks irreversible stranger "
    "hides damage"
)
# Sentences that begin with these tell the reader to do something: the reader is who "restarting" speaks of.
ORDERS = _words(
    "add allow apply ask attach back call cancel change check choose clear click close collect compare confirm connect "
    "copy create delete deploy detach disable disconnect do download drain enable ensure enter export find fix follow "
    "give hold import increase inform install keep kill leave let limit list load lock log-in log-out lower make mark "
    "measure move mute name note open page pause pick press print promote raise read rebuild record reduce refresh "
    "release reload remove rename repair replace report request require reset restart restore restrict resume retry "
    "revert revoke roll rotate route run save scale search select send set show shut silence start begin stop halt "
    "store switch-off switch-on take tell test try unlock unplug update upgrade use verify wait warn wipe work "
    "write"
)  # fmt: skip
