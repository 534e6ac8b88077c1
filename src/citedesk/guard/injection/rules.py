"""Rules for ways of giving orders to software: each names a family, and what it finds is weighed by the model.

Leaves out deciding (`model.py`). Every expression takes linear time: what repeats is bounded.
"""

import re
from dataclasses import dataclass

from citedesk.text import has_any, has_odd_letters
from citedesk.types import Finding


@dataclass(frozen=True, slots=True)
class Family:
    """A way of giving orders. words: of each group a text in lower case must hold one before it is searched."""

    name: str
    expression: re.Pattern[str]
    words: tuple[tuple[str, ...], ...]

    def shows(self, text: str, low: str) -> bool:
        """Tell whether a text shows it; `low` is the text in lower case, or nothing where that does not tell."""
        return self.first(text, low) is not None

    def first(self, text: str, low: str) -> re.Match[str] | None:
        """Find where a text shows it first; see `shows`."""
        if low and not all(has_any(low, group) for group in self.words):
            return None
        return self.expression.search(text)


_ASKS = r"(?:say|print|output|write|return|respond with|reply with|answer with|type|echo|display)"
_READERS = r"(?:ai|llm|language model|chatbot|bot|assistant|copilot|summari[sz]er|classifier|automated (?:system|agent|reader))s?"

FAMILIES = (
    Family(
        "override",
        re.compile(
            r"(?i)\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|all|your|system)\b"
            r"[^.\n]{0,30}\b(?:instructions?|prompts?|rules|guidelines|guardrails|directions)\b"
        ),
        (("ignore", "disregard", "forget", "override", "bypass"),),
    ),
    Family(
        "reveal",
        re.compile(
            r"(?i)\b(?:reveal|print|show|repeat|output|display|leak)\b[^.\n]{0,40}\b(?:system|hidden|secret|initial)\b[^.\n]{0,20}"
            r"\b(?:prompt|instructions?|message|password)\b"
        ),
        (("system", "hidden", "secret", "initial"), ("prompt", "instruction", "message", "password")),
    ),
    Family(
        "reveal",
        re.compile(
            r"(?i)\b(?:repeat|print|output|summari[sz]e|translate|recite|list|tell me|what (?:are|were))\b[^.\n]{0,30}"
            r"\b(?:your (?:\w{1,15} )?(?:instructions|rules|prompt|guidelines)|(?:everything|text|words|all) (?:above|before))\b"
        ),
        (("your ", "above", "before"),),
    ),
    Family(
        "role",
        re.compile(
            r"(?i)\b(?:you are now|act as|pretend to be|from now on you)\b[^.\n]{0,60}"
            r"\b(?:ai|assistant|dan|admin|unrestricted|developer mode|root|model)\b"
        ),
        (("you are now", "act as", "pretend to be", "from now on you"),),
    ),
    Family(
        "role",
        re.compile(
            r"(?i)\b(?:no|without(?: any)?|free (?:of|from)(?: all)?|not bound by(?: any)?) "
            r"(?:ethical |moral |content |openai |safety ){0,2}(?:restrictions|limitations|filters?|censorship|guidelines|policies)\b"
        ),
        (("restrictions", "limitations", "filter", "censorship", "guidelines", "policies"),),
    ),
    Family(
        "role",
        re.compile(
            r"(?i)\b(?:stay|remain|keep|be) in character\b|\bbreak(?:ing)? character\b|\bdo anything now\b|\bDAN mode\b|"
            r"\b(?:jailbreak|jailbroken|unfiltered|uncensored|unrestricted|amoral)\b[^.\n]{0,40}"
            r"\b(?:ai|responses?|answers?|chatbot|mode|model|persona|character|gpt|chatgpt)\b"
        ),
        (("character", "do anything now", "dan mode", "jailbr", "unfiltered", "uncensored", "unrestricted", "amoral"),),
    ),
    Family(
        "role",
        re.compile(
            r"(?i)\b(?:openai|anthropic|chatgpt|gpt-?[34]|language model|ai)(?:['’]s)?\b[^.\n]{0,40}"
            r"\b(?:content polic(?:y|ies)|policies|guidelines|restrictions|limitations|censorship|ethical|moral)\b"
        ),
        (("content polic", "policies", "guidelines", "restrictions", "limitations", "censorship", "ethical", "moral"),),
    ),
    Family(
        "refusal",
        re.compile(
            r"(?i)\b(?:no matter|regardless|even if)\b[^.\n]{0,60}\b(?:illegal|unethical|immoral|harmful|offensive|inappropriate)\b|"
            r"\b(?:will|must|can|does|may|shall) (?:never|not) (?:refuse|reject|decline|warn|censor|apologi[sz]e|say no)\b"
        ),
        (
            (
                "illegal",
                "unethical",
                "immoral",
                "harmful",
                "offensive",
                "inappropriate",
                "refus",
                "reject",
                "decline",
                "warn",
                "censor",
                "apolog",
                "say no",
            ),
        ),
    ),
    Family(
        "marker",
        re.compile(r"(?i)<\|(?:im_start|im_end|system|endoftext)\|>|\[/?INST\]|<<SYS>>"),
        (("|>", "inst]", "<<sys>>"),),
    ),
    Family("marker", re.compile(r"(?i)^[^\S\n]*system\s*:\s*you\b", re.M), (("system",), (":",))),
    Family(
        "marker",
        re.compile(
            r"(?i)</?(?:system|instructions?|user_input|prompt)>|#{2,4} ?(?:system|instructions?) ?:|\[system\]"
        ),
        (("system", "instruction", "user_input", "prompt"), (">", "#", "]")),
    ),
    Family("access", re.compile(rf"(?i)\b{_ASKS}\b[^.\n]{{0,60}}\baccess granted\b"), (("access granted",),)),
    Family(
        "refusal",
        re.compile(
            r"(?i)\b(?:never|do not|don't|must not|cannot|without)\b[^.\n]{0,30}\b(?:refuse|refusing|apologi[sz]e|apologi[sz]ing|"
            r"disclaimers?|break(?:ing)? character)\b|\b(?:begin|start) (?:your|the|each|every) (?:reply|answer|response|output)s? with\b"
        ),
        (("refus", "apolog", "disclaimer", "character", "repl", "answer", "response", "output"),),
    ),
    Family(
        "agent",
        re.compile(
            rf"(?i)\b(?:note|message|instructions?|attention|notice|hint)s? (?:to|for) (?:the |any |all )?{_READERS}\b|"
            rf"\b{_READERS}\b[^.\n]{{0,30}}\b(?:reading|processing|handling|summari[sz]ing|parsing) this\b"
        ),
        (("ai", "llm", "language model", "bot", "assistant", "copilot", "summari", "classifier", "automated"),),
    ),
    Family(
        "exfiltration",
        re.compile(
            r"(?i)!\[[^\]\n]{0,60}\]\(https?://[^)\s]{1,200}[?&=][^)\s]{0,40}[{\[<$]|\b(?:send|forward|post|upload|append|include)\b[^.\n]{0,40}"
            r"\b(?:conversation|chat history|system prompt|your instructions|api keys?|all (?:other )?(?:customers?|users?|tickets))\b[^.\n]{0,60}"
            r"\b(?:to|https?|url|link|image)\b"
        ),
        (("](http", "conversation", "chat history", "system prompt", "your instructions", "api key", "all "),),
    ),
    Family(
        "encoding",
        re.compile(
            r"(?i)\b(?:decode|decipher|unscramble|reverse)\b[^.\n]{0,60}\b(?:and|then)\b[^.\n]{0,20}"
            r"\b(?:follow|execute|obey|do|carry|answer|comply|act)\b"
        ),
        (("decode", "decipher", "unscramble", "reverse"),),
    ),
)
NAMES = tuple(sorted({family.name for family in FAMILIES}))


def injection_families(text: str) -> tuple[str, ...]:
    """List the families of prompt injection a text shows, by name."""
    return tuple(sorted({finding.type for finding in shown(text)}))


def shown(text: str) -> list[Finding]:
    """Find where each rule's family shows first, in the order of the rules."""
    low = "" if has_odd_letters(text) else text.lower()
    found = []
    for family in FAMILIES:
        match = family.first(text, low)
        if match is not None:
            found.append(Finding(family.name, *match.span()))
    return found
