"""Passwords, keys and codes known by what stands before them: a name, a header, a flag, an address.

Sources: RFC 7617 (basic), RFC 6750 (bearer), RFC 6265 (cookies), RFC 3986 (user information), the documentation of the
commands and connection strings.
"""

import base64
import binascii
import re
from dataclasses import replace

from citedesk.guard.patterns.checks import (
    certain,
    credential,
    drawn,
    entropy,
    key,
    password,
    random,
    stand_in,
    told,
)
from citedesk.guard.patterns.pattern import Pattern

# In the languages that tickets come in; each is a word of its own or the end of a name in code.
_PASSWORDS = (
    r"pass(?:word|wd|phrase|code|wort|wörter)s?|pwd|kennwort|contraseña|contrasena|clave|mot[ _]de[ _]passe|mdp|wachtwoord|"
    r"senha|palavra-passe|lösenord|salasana|adgangskode|passord|hasło|haslo|heslo|jelszó|parola|şifre|sifre|пароль|密码|パスワード"
)
_PASSWORD_STARTS = (
    "pass", "pwd", "kennwort", "contrase", "clave", "mot de passe", "mot_de_passe", "mot de_passe", "mot_de passe", "mdp", "wachtwoord", "senha", "palavra-passe", "lösenord", "salasana", "adgangskode", "passord", "hasło", "haslo",
    "heslo", "jelszó", "parola", "şifre", "sifre", "пароль", "密码", "パスワード",
)  # fmt: skip
_KEYS = (
    r"secret(?:[_ -]?(?:access[_ -]?)?key)?|(?:api|app|access|account|auth|client|consumer|encryption|license|master|private|"
    r"service|shared[_ -]?access|signing|storage|webhook|admin|root)[_ -]?(?:key|secret|token|password|pwd|pass)|"
    r"(?:access|auth|refresh|bearer|bot|personal|deploy|session|id|user|service|job|private|security|sas|registration)[_ -]?token|"
    r"token|credentials?|apikey|_authToken|_auth|(?<=_)pass"
)
_KEY_WORDS = ("secret", "key", "token", "credential", "_auth", "pass", "pwd")
_KEY_STARTS = (
    "secret", "api", "app", "access", "account", "auth", "client", "consumer", "encryption", "license", "master", "private", "service",
    "shared", "signing", "storage", "webhook", "admin", "root", "refresh", "bearer", "bot", "personal", "deploy", "session", "id", "user",
    "job", "security", "sas", "registration", "token", "credential", "_auth", "pass",
)  # fmt: skip
# A name begins after no letter, or as a capital after a small one, as in `dbPassword`.
_BEFORE = r"(?:(?<![^\W\d_])|(?-i:(?<=[a-z])(?=[A-Z])))"
_AFTER = r"(?:_?(?:base|prod|dev|staging|test|live|old|new|[0-9]{1,2})(?![a-z]))?"
_QUOTED = r"(?:\\?[\"'`]|\]|</?\w{1,9}>|\*\*){0,3}"
# Up to a quotation mark, or white space and what ends a value in lists.
_VALUE = r"(?:(?<=\")[^\s\"]{4,200}(?=\")|(?<=')[^\s']{4,200}(?=')|[^\s\"'`,;<]{4,200})"

_IS = r"\b(?:is|was|are|ist|war|lautet|lauten|est|es|era|é|è|is nu|är|er|on|to)\b"


def _basic(value: str) -> bool:
    """Basic credentials are base64 of `user:password`."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def _code(value: str) -> bool:
    """A code of digits is no year."""
    return not re.fullmatch(r"(?:19|20)\d\d", value)


def _flag(value: str) -> bool:
    """What follows -p of a client is a password unless a port, a number of another kind, a path or a word."""
    return credential(value) and not value.isdecimal() and ":" not in value and len(value) >= 4 and password(value)


# Beginnings of tokens: what begins so and is none of them is a sample.
_MAKERS = re.compile(r"(?:xox[a-z]|sk-|gh[pousr]_|glpat-|glc_|hf_|AIza|AKIA|ops_|ico-|npm_|pypi-)")


def _drawn(value: str) -> bool:
    return drawn(value) and not _MAKERS.match(value)


# Bitbucket's users and passwords are UUIDs in braces.
_PAIR = re.compile(r"\{[0-9a-f-]{36}\}:\{?[0-9a-f-]{36}\}?")


def _login(value: str) -> bool:
    """What curl is given: a user and a password, or a token in the place of either."""
    user, _, word = value.partition(":")
    word = word.strip("\"'")
    if not word:
        return key(user) and len(user) >= 8
    if _PAIR.fullmatch(value):
        return True
    return len(word) >= 2 and not word.startswith("/") and credential(word) and not stand_in(user)


ADDRESSES: tuple[Pattern, ...] = (
    Pattern(
        "PASSWORD",
        re.compile(r"(?<=://)[^\s:/@\"'<>]{0,64}:([^\s/\"'`<>]{3,128})@(?=[\w\[$])"),
        credential,
        group=1,
        words=("://",),
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?i)\bbundle_\w{3,80}__[a-z]{2,10}[\"']?\s{0,3}[:=]\s{0,3}[\"']?[^\s:\"'@/]{1,64}:([^\s\"'@/]{3,128})"
        ),
        credential,
        group=1,
        words=("bundle_",),
    ),
    Pattern(
        "TOKEN",
        re.compile(
            r"(?i)[?&;](?:access_token|id_token|refresh_token|auth_token|token|api[_-]?key|sig|signature|auth|secret|code|key|"
            r"x-amz-signature|x-amz-security-token|x-goog-signature|session|sid|jwt|otp|hash)=([A-Za-z0-9%._~+/=-]{12,4000})"
        ),
        key,
        group=1,
        words=("?", "&", ";"),
        digits=1,
    ),
)

_SESSION_WORDS = (
    "aspsessionid",
    *(
        name + sign
        for name in (
            "sid",
            "sessionid",
            "session_id",
            "_session",
            "aspxauth",
            "cfid",
            "cftoken",
            "csrftoken",
            "xsrf-token",
        )
        for sign in ("=", '"', "'")
    ),
)

HEADERS: tuple[Pattern, ...] = (
    Pattern("TOKEN", re.compile(r"(?i)\bbearer\s{1,3}([A-Za-z0-9._~+/=-]{16,4000})"), random, 1, starts=("bearer",)),
    Pattern("PASSWORD", re.compile(r"(?i)\bbasic\s{1,3}([A-Za-z0-9+/]{8,400}={0,2})(?![\w+/])"), _basic, 1, starts=("basic",)),
    Pattern(
        "TOKEN",
        re.compile(
            r"(?i)\b(?:proxy-)?authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:[a-z][\w-]{1,20}\s{1,3})?(?:\w{1,20}=)?[\"']?([A-Za-z0-9._~+/=:-]{8,4000})"
        ),
        key,
        1,
        starts=("authorization", "proxy-authorization"),
    ),
    Pattern(
        "TOKEN",
        re.compile(
            r"(?i)(?<![A-Za-z])(?:x-(?!(?:idempotency|partition|routing|cache|surrogate)-key\b)[a-z-]{0,30}(?:key|token|auth|secret|password)|(?:private|job|deploy)-token|api-?key|apikey|dd-api-key|"
            r"dd-application-key|ocp-apim-subscription-key|circle-token|ssws)[\"']?\s{0,3}:\s{0,3}[\"']?([^\s\"'`,;<>]{8,4000})"
        ),
        key,
        1,
        ("key", "token", "x-", "ssws"),
        starts=("x-", "private-token", "job-token", "deploy-token", "api", "dd-", "ocp-apim", "circle-token", "ssws"),
    ),
    # Any header of curl whose name tells; some keys name a request and open nothing.
    Pattern(
        "TOKEN",
        re.compile(
            r"(?i)(?<![\w-])(?:-H|--header)[ =]{0,2}[\"']?(?!(?:x-)?(?:idempotency|partition|routing|cache|surrogate)-key\b)[\w-]{0,40}(?:key|token|auth|secret|password)[\w-]{0,20}\s{0,2}:\s{0,2}([^\s\"'`,;<>]{8,4000})"
        ),
        key,
        1,
        starts=("-h", "--header"),
    ),
    Pattern(
        "TOKEN",
        re.compile(r"(?i)(?<![\w-])(?:set-)?cookie2?[\"']?\s{0,3}:\s{0,3}[\"']?((?:[\w.$-]{1,60}=[^\s;\"']{0,2000}(?:;\s{0,2})?){1,60})"),
        lambda value: any(entropy(part) >= 2.8 and len(part) >= 12 for part in re.split(r"[=;\s]", value)),
        1,
        starts=("cookie", "set-cookie"),
    ),
    Pattern(
        "TOKEN",
        re.compile(
            r"(?i)(?<![\w.-])(?:jsessionid|phpsessid|asp\.net_sessionid|connect\.sid|sessionid|session_id|sid|ssid|aspsessionid\w{0,8}|"
            r"[\w-]{0,30}_session|\.aspxauth|cfid|cftoken|csrftoken|xsrf-token)[\"']?=[\"']?([^\s;\"'&,<>]{16,2000})"
        ),
        random,
        1,
        _SESSION_WORDS,
        digits=1,
    ),
)  # fmt: skip

_COMMANDS = (
    r"mysql\w{0,12}|mariadb\w{0,12}|sshpass|mongo\w{0,10}|docker|podman|buildah|skopeo|helm|az|ldap\w{2,10}|redis-cli|smbclient|"
    r"curl|wget|http|xfreerdp|sqlcmd|sqlplus|htpasswd|kinit|openssl|rclone|net use|crane|oras|nerdctl|influx|cqlsh|impala-shell"
)
FLAGS: tuple[Pattern, ...] = (
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?i)(?<![\w-])--?(?:[a-z]{1,16}-){0,2}(?:password|passwd|passphrase|pass|pw|pwd|token|secret|api-?key|auth-?token|access-?token|"
            r"access-?key|secret-?key|client-?secret|key)(?:=|\s{1,3})[\"']?([^\s\"'`;|<>]{4,300})"
        ),
        lambda value: (not value.startswith("-") and credential(value) and key(value)) or (password(value) and value[0] != "-"),
        1,
        ("-p", "-token", "-secret", "-api", "-auth", "-access", "-client", "-key"),
    ),
    Pattern(
        "PASSWORD",
        re.compile(rf"(?i)(?<![\w/-])(?:{_COMMANDS})\b[^\n|;&]{{0,160}}?\s-(?-i:[pawP])\s{{0,2}}[\"']?([^\s\"'`;|<>-][^\s\"'`;|<>]{{3,100}})"),
        _flag,
        1,
        (" -p", " -a", " -w", "\t-", "\n-", "\r-", "\x0b-", "\x0c-", "\x1c-", "\x1d-", "\x1e-", "\x1f-", "\x85-", "\xa0-"),
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?i)(?<![\w/-])(?:curl|wget|https?)\b(?:[^\n]|(?<=\\)\n){0,300}?\s(?:-[a-z]{0,6}[ua]|--(?:proxy-)?user|--auth)(?:=|\s{0,3})"
            r"[\"']?([^\s\"'`:]{0,80}:(?:[\"'][^\s\"']{2,128}|[^\s\"'`]{2,128})?)"
        ),
        _login,
        1,
        starts=("curl", "wget", "http"),
    ),
)  # fmt: skip

NAMED: tuple[Pattern, ...] = (
    Pattern(
        "PASSWORD",
        re.compile(
            rf"(?i){_BEFORE}(?:{_PASSWORDS}|(?<=_)pass){_AFTER}{_QUOTED}(?:\s{{0,3}}\([^()\n]{{1,40}}\))?\s{{0,3}}(?::=|=>|->|[:=：])\s{{0,3}}{_QUOTED}({_VALUE})"
        ),
        password,
        1,
        starts=_PASSWORD_STARTS,
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            rf"(?i){_BEFORE}(?:{_PASSWORDS}){_QUOTED}(?:\s(?:for|of|für|de|del|du|pour|von|voor|temporarily|now|jetzt|currently|still)\s?[^\n:=]{{0,40}}?)?\s{{1,3}}{_IS}\s{{1,3}}(?:now\s|still\s|jetzt\s|set to\s)?{_QUOTED}({_VALUE})"
        ),
        told,
        1,
        starts=_PASSWORD_STARTS,
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            rf"(?i){_BEFORE}(?:{_KEYS}){_AFTER}{_QUOTED}\s{{0,3}}(?::=|=>|[:=：]|{_IS})\s{{0,3}}{_QUOTED}({_VALUE})"
        ),
        key,
        1,
        _KEY_WORDS,
        sure=_drawn,
        starts=_KEY_STARTS,
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?i)<(?:\w{1,20}:)?\w{0,30}(?:password|passwd|pwd|secret|token|apikey|api_key|passphrase)(?:\s[^<>]{0,100})?>\s{0,20}([^<>\s]{4,200})\s{0,20}</"
        ),
        password,
        1,
        ("</",),
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?i)(?:key|name)=[\"'][^\"'\n]{0,60}(?:password|passwd|pwd|secret|token|apikey|api_key)[\"']\s{1,3}value=[\"']([^\"'\n]{4,200})[\"']"
        ),
        password,
        1,
        ("value=",),
    ),
    Pattern("PASSWORD", re.compile(r"(?i)accountkey=([A-Za-z0-9+/]{40,100}={0,2})"), random, 1, ("accountkey=",)),
    # npm and Docker keep base64 of `user:password`.
    Pattern("PASSWORD", re.compile(r"(?i)[\"'_]auth[\"']?\s{0,3}[:=]\s{0,3}[\"']?([A-Za-z0-9+/]{8,400}={0,2})(?![\w+/])"), _basic, 1, ("auth",)),
)  # fmt: skip

_LINK = r"(?:\s{0,2}(?:[:=#：]|\b(?:is|was|ist|lautet|est|es|number|no|nr|code|would be)\b\.?)){0,2}\s{0,3}[\"'`(]?"
CODES: tuple[Pattern, ...] = (
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?i)(?<![\w-])(?:(?-i:OTP|PIN|TAN|MFA|2FA|TOTP)(?:[ -](?:code|number))?|(?:one[ -]time|verification|security|auth(?:entication)?|mfa|2fa|sms|access|login|"
            r"confirmation|backup|recovery|sicherheits|bestätigungs|einmal|zugangs|door|alarm|unlock|reset|vérification|my|meine?)[ -]?(?:pass)?(?:code|pin|password)|"
            r"código(?: de verificación)?|code (?:de vérification|secret)|cv[vc]2?:)(?![\w-])"
            rf"{_LINK}(\d{{3}}[ -]\d{{3}}|\d{{4,8}})(?![\w.:/-]?[\w])"
        ),
        _code,
        1,
        digits=4,
        starts=(
            "otp", "pin", "tan", "mfa", "2fa", "totp", "one", "verification", "security", "auth", "sms", "access", "login", "confirmation",
            "backup", "recovery", "sicherheits", "bestätigungs", "einmal", "zugangs", "door", "alarm", "unlock", "reset", "vérification",
            "my", "mein", "código", "code ", "cv",
        ),
    ),
    Pattern(
        "PASSWORD",
        re.compile(r"(?i)(?<![\w-])(?:pin|otp|code pin|pin code|geheimzahl)\s{0,2}(?:[:=]|\b(?:is|was|ist|lautet|est|es)\b)\s{0,3}[\"'`]?(\d{4,8})(?![\w.:/-]?\w)"),
        group=1,
        digits=4,
        starts=("pin", "otp", "code pin", "geheimzahl"),
    ),
    Pattern(
        "PASSWORD",
        re.compile(
            r"(?i)(?<!\w)(?:(?:security|secret|sicherheits)[ -]?(?:answer|antwort)|answer to (?:my|the|your|his|her) (?:security|secret) question|mother'?s maiden name|mädchenname(?: (?:der|meiner) mutter)?|"
            r"réponse secrète|respuesta (?:secreta|de seguridad))\s{0,2}(?:[:=]|\b(?:is|was|ist|lautet|est|es)\b)\s{0,3}[\"'`]?([^\W_][^\n,.;\"'`<>]{1,40})"
        ),
        lambda value: not re.match(r"(?i)(?:not|wrong|missing|required|incorrect|never|no|too|case|being|set|un)\b", value),
        1,
        ("answer", "antwort", "maiden", "mädchenname", "réponse", "respuesta"),
    ),
)  # fmt: skip

CREDENTIALS: tuple[Pattern, ...] = (*ADDRESSES, *HEADERS, *FLAGS, *NAMED, *CODES)


def _certain(pattern: Pattern) -> Pattern:
    return replace(pattern, valid=lambda value: certain(value) and pattern.valid(value))


# Documents show how passwords are given: only what is surely one is masked there, and codes of digits stay.
IN_DOCUMENTS: tuple[Pattern, ...] = tuple(map(_certain, (*ADDRESSES, *HEADERS, *FLAGS, *NAMED)))
