"""Tokens that tell their maker by how they begin, keys in blocks, and addresses that are keys themselves.

Sources: the token formats that the named providers publish, and RFC 7468 (PEM), RFC 7519 (JWT), RFC 4880 (PGP).
"""

import re

from citedesk.guard.patterns.checks import drawn, random, stand_in
from citedesk.guard.patterns.pattern import Pattern

# Each with the words that it begins with, in lower case, so that texts without them are not searched.
BEGUN: tuple[tuple[tuple[str, ...], str], ...] = (
    (("akia", "asia", "abia", "acca", "a3t"), r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z2-7]{16}"),  # AWS access key id
    (("absk",), r"ABSK[A-Za-z0-9+/]{109,269}={0,2}"),  # Amazon Bedrock, long-lived
    (("bedrock-api-key-",), r"bedrock-api-key-[A-Za-z0-9+/=]{40,4000}"),  # Amazon Bedrock, short-lived
    (("ltai",), r"LTAI[A-Za-z0-9]{17,24}"),  # Alibaba Cloud
    (("akid",), r"AKID[A-Za-z0-9]{32}"),  # Tencent Cloud
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"gh[pousr]_[A-Za-z0-9]{20,255}"),  # GitHub
    (("github_pat_",), r"github_pat_[A-Za-z0-9_]{22,255}"),
    (("glpat-", "gldt-", "glrt-", "glsoat-", "glagent-", "glcbt-", "glptt-", "glft-", "glimt-", "glffct-", "gloas-"),
     r"gl(?:pat|dt|rt|soat|agent|cbt|ptt|ft|imt|ffct|oas)-[A-Za-z0-9_.-]{20,300}"),  # GitLab
    (("gr1348941",), r"GR1348941[A-Za-z0-9_-]{20}"),  # GitLab runner, older
    (("xox",), r"xox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9]{1,13}-[A-Za-z0-9-]{10,250}"),  # Slack
    (("xapp-",), r"xapp-\d-[A-Za-z0-9-]{10,250}"),
    (("whsec_",), r"whsec_[A-Za-z0-9+/=]{16,250}"),
    (("sk-",), r"sk-[A-Za-z0-9_-]{20,250}"),  # OpenAI, Anthropic, OpenRouter
    (("gsk_",), r"gsk_[A-Za-z0-9]{40,60}"),  # Groq
    (("xai-",), r"xai-[A-Za-z0-9]{60,100}"),
    (("pplx-",), r"pplx-[A-Za-z0-9]{40,64}"),
    (("r8_",), r"r8_[A-Za-z0-9]{37}"),  # Replicate
    (("hf_", "api_org_"), r"(?:hf|api_org)_[A-Za-z0-9]{34,40}"),  # Hugging Face
    (("aiza",), r"AIza[A-Za-z0-9_-]{35}"),  # Google
    (("ya29.",), r"ya29\.[A-Za-z0-9_-]{20,250}"),
    (("gocspx-",), r"GOCSPX-[A-Za-z0-9_-]{20,40}"),
    (("npm_",), r"npm_[A-Za-z0-9]{30,64}"),
    (("pypi-",), r"pypi-[A-Za-z0-9_-]{40,250}"),
    (("rubygems_",), r"rubygems_[a-f0-9]{48}"),
    (("oy2",), r"oy2[a-z0-9]{43}"),  # NuGet
    (("dckr_",), r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,64}"),  # Docker
    (("s.",), r"s\.(?=[A-Za-z]{0,23}\d)[A-Za-z0-9]{24}"),  # HashiCorp Vault, older
    (("hvs.", "hvb.", "hvr."), r"hv[sbr]\.[A-Za-z0-9_-]{20,250}"),  # HashiCorp Vault
    (("dop_v1_", "doo_v1_", "dor_v1_"), r"do[opr]_v1_[a-f0-9]{64}"),  # DigitalOcean
    (("sg.",), r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),  # SendGrid
    (("key-",), r"key-[a-f0-9]{32}"),  # Mailgun
    (("xkeysib-",), r"xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}"),  # Brevo
    (("shpat_", "shpca_", "shppa_", "shpss_"), r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}"),  # Shopify
    (("sq0",), r"sq0[a-z]{3}-[A-Za-z0-9_-]{22,43}"),  # Square
    (("eaaa",), r"EAAA[A-Za-z0-9_+=-]{56,62}"),
    (("eaam", "eaac"), r"EAA[MC][A-Za-z0-9]{90,400}"),  # Meta
    (("dapi",), r"dapi[a-f0-9]{32}(?:-\d)?"),  # Databricks
    (("ssws 00",), r"SSWS 00[A-Za-z0-9_-]{40}"),  # Okta
    (("glc_",), r"glc_[A-Za-z0-9+/]{32,400}={0,2}"),  # Grafana
    (("glsa_",), r"glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}"),
    (("eyjrijoi",), r"eyJrIjoi[A-Za-z0-9+/]{60,400}={0,2}"),
    (("nrak-", "nrra-", "nrii-", "nriq-", "nrsp-"), r"NR(?:AK|RA|II|IQ|SP)-[A-Za-z0-9_-]{27,40}"),  # New Relic
    (("sntrys_", "sntryu_"), r"sntry[su]_[A-Za-z0-9+/=_-]{43,800}"),  # Sentry
    (("v1.0-",), r"v1\.0-[a-f0-9]{24}-[a-f0-9]{100,200}"),  # Cloudflare origin CA
    (("ops_eyj",), r"ops_eyJ[A-Za-z0-9+/]{250,4000}={0,3}"),  # 1Password
    (("a3-",), r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"),
    (("age-secret-key-1",), r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    (("dp.",),
     r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}"),  # Doppler
    (("ntn_",), r"ntn_\d{11}[A-Za-z0-9]{35}"),  # Notion
    (("secret_",), r"secret_[A-Za-z0-9]{43}"),
    (("s-s4t2",), r"s-s4t2(?:ud|af)-[a-f0-9]{64}"),  # 42
    (("api-",), r"API-[A-Z0-9]{26}"),  # Octopus Deploy
    (("sgp_", "slk_"), r"sgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}|slk_[a-f0-9]{64}"),  # Sourcegraph
    (("akcp", "cmvmd"), r"AKCp[A-Za-z0-9]{69}|cmVmd[A-Za-z0-9]{59}"),  # Artifactory
    (("pscale_",), r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9=._-]{32,64}"),  # PlanetScale
    (("pmak-",), r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}"),  # Postman
    (("pul-",), r"pul-[a-f0-9]{40}"),  # Pulumi
    (("lin_api_",), r"lin_api_[A-Za-z0-9]{40}"),  # Linear
    (("figd_",), r"figd_[A-Za-z0-9_-]{30,60}"),  # Figma
    (("pat",), r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}"),  # Airtable
    (("atatt3", "atctt3", "atbb"), r"AT(?:ATT|CTT)3[A-Za-z0-9_=-]{60,250}|ATBB[A-Za-z0-9]{32,36}"),  # Atlassian
    (("sl.",), r"sl\.[A-Za-z0-9_-]{120,2000}"),  # Dropbox
    (("dt0",), r"dt0[cs]\d\d\.[A-Z0-9]{8,24}\.[A-Z0-9]{64}"),  # Dynatrace
    (("ezak", "eztk"), r"EZ[AT]K[A-Za-z0-9]{54}"),  # EasyPost
    (("duffel_",), r"duffel_(?:test|live)_[A-Za-z0-9_=-]{43}"),
    (("hrku-",), r"HRKU-[A-Za-z0-9_-]{36,64}"),  # Heroku
    (("ico-",), r"ico-[A-Za-z0-9]{32}"),  # Infracost
    (("nfp_",), r"nfp_[A-Za-z0-9]{36,40}"),  # Netlify
    (("pnu_",), r"pnu_[A-Za-z0-9]{36}"),  # Prefect
    (("rdme_",), r"rdme_[a-z0-9]{70}"),  # ReadMe
    (("shippo_",), r"shippo_(?:live|test)_[a-f0-9]{40}"),
    (("sbp_",), r"sbp_[a-f0-9]{40}"),  # Supabase
    (("tskey-",), r"tskey-[a-z]{2,16}-[A-Za-z0-9-]{16,80}"),  # Tailscale
    (("tfp_",), r"tfp_[A-Za-z0-9_.=-]{59}"),  # Typeform
    (("ccip",), r"CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[a-f0-9]{40}"),  # CircleCI
    (("bkua_",), r"bkua_[a-z0-9]{40}"),  # Buildkite
    (("sqa_", "sqp_", "squ_"), r"sq[apu]_[a-f0-9]{40}"),  # Sonar
    (("sha256~",), r"sha256~[A-Za-z0-9_-]{43}"),  # OpenShift
    (("clojars_",), r"CLOJARS_[a-z0-9]{60}"),
    (("cfpat-",), r"CFPAT-[A-Za-z0-9_-]{43}"),  # Contentful
    (("p8e-",), r"p8e-[A-Za-z0-9]{32}"),  # Adobe
    (("fio-u-",), r"fio-u-[A-Za-z0-9_=-]{64}"),  # Frame.io
    (("pdus+",), r"pdus\+[A-Za-z0-9_+-]{16,60}"),  # PagerDuty
    (("fm1a_", "fm1r_", "fm2_", "fo1_"), r"f(?:m1[ar]|m2|o1)_[A-Za-z0-9+/=_-]{40,1000}"),  # Fly.io
    (("eyj",), r"eyJ[A-Za-z0-9_-]{20,1000}\.[A-Za-z0-9_-]{0,1000}\.[A-Za-z0-9_-]{16,1000}\."
     r"[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,400}"),  # JSON Web Encryption
    (("lf_",), r"lf_(?:live|test|sk)_[A-Za-z0-9]{8,250}"),  # the shipped knowledge base's own invented platform
    (("eyj",), r"eyJ[A-Za-z0-9_-]{12,4000}\.ey[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{8,4000}"),  # JSON Web Token
)  # fmt: skip
# And with words that stand within.
MARKED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("_live_", "_test_", "_prod_"), r"(?:sk|rk|pk)_(?:live|test|prod)_[A-Za-z0-9]{10,250}"),  # Stripe style
    ((".atlasv1.",), r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}"),  # Terraform Cloud
    (("|",), r"\d{15,16}\|[A-Za-z0-9_-]{27,40}"),  # Meta, of an app
    ((":a",), r"\d{8,12}:A[A-Za-z0-9_-]{34}"),  # Telegram
    (("nral",), r"[a-f0-9]{36}NRAL"),
    (("q~",), r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}"),  # Microsoft Entra
    (("azdo",), r"[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}"),  # Azure DevOps
    (("_mmk",), r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk"),  # MaxMind
)  # fmt: skip


def _token(value: str) -> bool:
    """Most makers' tokens are known by their form; `sk-` also begins names, which hold no digit."""
    return not value.startswith("sk-") or any(c.isdigit() for c in value)


# So much of these is given that chance makes none of them.
_DISTINCT = (
    "sk-proj-", "sk-svcacct-", "sk-or-v1-", "github_pat_", "ABSKQmVkcm9ja0FQSUtleS", "bedrock-api-key-",
    "AGE-SECRET-KEY-1", "sntrys_eyJ", "s-s4t2", "dt0c01.", "rubygems_", "duffel_", "pscale_",
)  # fmt: skip


# The whole form of what is known by a short beginning only.
_FORMS = {
    "sk-ant-": re.compile(r"sk-ant-[a-z]{3,8}\d\d-[A-Za-z0-9_-]{80,120}AA"),
    "xox": re.compile(
        r"xoxb(?:-\d{10,13}){2}[A-Za-z0-9-]*|xoxb-\d{8,14}-[A-Za-z0-9]{10,26}|xox[pe](?:-\d{10,13}){3}-[A-Za-z0-9]{28,34}|"
        r"xox[os](?:-\d{5,14}){3}-[a-fA-F0-9]{8,64}|xox[ar]-(?:\d-)?[A-Za-z0-9]{8,48}|xoxe\.xox[bp]-\d-[A-Z0-9]{150,180}|xoxe-\d-[A-Z0-9]{130,160}"
    ),
}


def _made(value: str) -> bool:
    """A token is made by chance: what repeats or counts, or says what to put there, is a sample of a manual."""
    form = next((form for start, form in _FORMS.items() if value.startswith(start)), None)
    if form and not form.fullmatch(value):
        return False
    if value.startswith((*_DISTINCT, "sk-ant-")):
        return True
    return drawn(value) and not stand_in(value)


_BEGIN = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_END = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
_BODY = re.compile(r"[A-Za-z0-9+/=]{8}")
# Characters of base64 that the shortest key has, one on an elliptic curve.
_LEAST = 60


def _inside(value: str) -> str:
    return value.split("-----", 2)[-1].split("-----", maxsplit=1)[0]


def _block(value: str) -> bool:
    """A key's block holds a key; `...` between its lines is none."""
    return _BODY.search(_inside(value)) is not None


def _whole(value: str) -> bool:
    """A header with less below it than any key has is a sample."""
    return sum(map(len, re.findall(r"[A-Za-z0-9+/=]{8,}", _inside(value)))) >= _LEAST


_BLOCKS = (
    Pattern(
        "KEY",
        re.compile(rf"{_BEGIN}(?:[A-Za-z0-9+/=\s:,.()\\>|\"'#*]|-(?!-)){{0,12000}}{_END}"),
        _block,
        sure=_whole,
        starts=("-----begin ",),
    ),
    # The end is missing: lines of base64 after the beginning, and lines of headers between.
    Pattern(
        "KEY",
        re.compile(
            rf"{_BEGIN}(?:(?:\s|\\[nr]|[>|\"'#*]){{1,8}}[A-Z][A-Za-z-]{{2,20}}: [^\n\\]{{1,80}}){{0,4}}"
            r"(?:(?:\s|\\[nr]|[>|\"'#*]){1,8}[A-Za-z0-9+/=]{16,100}){1,400}"
        ),
        _block,
        sure=_whole,
        starts=("-----begin ",),
    ),
    Pattern(
        "KEY",
        re.compile(r"PuTTY-User-Key-File-\d: [^\n]{1,60}\n(?:[A-Za-z0-9+/=:. -]{0,100}\n?){1,400}"),
        words=("putty-user-key-file-",),
    ),
)

_HOOKS = (
    r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{40,80}",
    r"discord(?:app)?\.com/api/webhooks/\d{15,22}/[A-Za-z0-9_-]{50,80}",
    r"[a-z0-9-]{1,60}\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/-]{60,300}",
    r"[a-z0-9.-]{1,60}\.logic\.azure\.com(?::443)?/workflows/[^\s\"'<>]{40,400}",
    r"chat\.googleapis\.com/v1/spaces/[^\s\"'<>]{30,300}",
    r"hooks\.zapier\.com/hooks/catch/\d{3,12}/[a-z0-9]{5,20}",
)
_HOOK_WORDS = (
    "hooks.slack",
    "/api/webhooks/",
    ".webhook.office.",
    ".logic.azure.",
    "chat.googleapis.",
    "hooks.zapier.",
)


def _any(tokens: tuple[tuple[tuple[str, ...], str], ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(expression for _, expression in tokens)})(?![A-Za-z0-9])")


def _words(tokens: tuple[tuple[tuple[str, ...], str], ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for words, _ in tokens for word in words))


BLOCKS_AND_TOKENS: tuple[Pattern, ...] = (
    *_BLOCKS,
    Pattern("TOKEN", re.compile(rf"(?:https?://)?(?:{'|'.join(_HOOKS)})"), random, words=_HOOK_WORDS),
    Pattern("TOKEN", _any(BEGUN), _token, run=14, sure=_made, starts=_words(BEGUN)),
    Pattern("TOKEN", _any(MARKED), words=_words(MARKED), run=14, sure=_made),
    Pattern("TOKEN", re.compile(r"(?<![A-Za-z0-9])(?:SK|sk)[0-9a-f]{32}(?![A-Za-z0-9])"), words=("sk",), digits=4, run=34),
    Pattern(
        "TOKEN",
        re.compile(r"(?<![A-Za-z0-9_.-])[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}(?![A-Za-z0-9_-])"),
        random,
        words=(".",),
        digits=1,
        run=24,
    ),
)  # fmt: skip
