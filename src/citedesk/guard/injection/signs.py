"""Signs of an order to software: expressions that stand for an idea whatever its wording; none alone proves an attack.

Each is weighed by the model, alone and with those near it. They read folded text: lower case, signs within words gone.
Leaves out names of families (`rules.py`) and weights (`model.py`). Every expression takes linear time.
"""

import re

_AI = (
    r"(?:ai|a\.i\.|llms?|language models?|chat ?gpt\w{0,3}|gpt\d{0,2}|open ?ai|anthropic|gemini|bard|"
    r"llama|claude|copilot|"
    r"artificial intelligence|chatbots?|ai ?bot|virtual assistant|neural network)"
)
_READER = (
    r"(?:ai|llm|language model|chatbot|bot|triage(?: \w{1,12})?|assistant|agent|copilot|summari[sz]er|"
    r"classifier|crawler|parser|"
    r"automation|workflow engine|helpdesk ai|automated (?:system|agent|reader|assistant)|virtual agent|"
    r"reviewer model|model)s?"
)
_SAY = (
    r"(?:say|print|output|write|return|respond|reply|answer|type|echo|display|repeat|state|utter|show|"
    r"tell me|respond with|"
    r"reply with|answer with|give me|emit|produce)"
)
_REPLY = r"(?:repl(?:y|ies)|answers?|responses?|outputs?|messages?|sentences?|completions?|texts?)"
_RULES = (
    r"(?:instructions?|rules?|guidelines?|directives?|polic(?:y|ies)|prompts?|constraints?|programming|"
    r"training|protocols?|"
    r"orders?|commands?|directions?|principles?|configuration|guardrails?|safeguards?)"
)
_LIMITS = (
    r"(?:restrictions?|limit(?:s|ations?)?|filters?|filtering|censorship|guidelines?|polic(?:y|ies)|"
    r"rules?|ethic(?:s|al)|morals?|"
    r"morality|boundar(?:y|ies)|safeguards?|guardrails?|laws?|constraints?|inhibitions?|conscience|"
    r"principles|norms|taboos?)"
)
_DROP = (
    r"(?:ignor(?:e|es|ing)|disregard(?:s|ing)?|forget|overrid(?:e|es|ing)|bypass(?:es|ing)?|overlook|"
    r"skip|discard|neglect|"
    r"stop (?:following|obeying)|(?:do not|don't|never) (?:follow|obey|listen)|cancel|erase|delete|"
    r"abandon|drop|void|unlearn|set aside|"
    r"replace|supersede)"
)
_REFUSE = (
    r"(?:refus(?:e|es|al|als|ing)|declin(?:e|es|ing)|reject(?:s|ing)?|den(?:y|ies)|apologi[sz](?:e|es|"
    r"ing)|apolog(?:y|ies)|sorry|"
    r"disclaimers?|warn(?:s|ing|ings)?|lectur(?:e|es|ing)|moralis\w{1,4}|moraliz\w{1,4}|caveats?|"
    r"censor(?:s|ed|ing)?|hesitat\w{1,3}|"
    r"object(?:s|ions?)?|judg(?:e|es|ment)|say(?:s|ing)? no|i can't|i cannot)"
)
_HARM = (
    r"(?:illegal|unethical|harmful|immoral|offensive|inappropriate|nsfw|explicit|dangerous|violen(?:t|"
    r"ce)|profan(?:e|ity)|curs(?:e|ing)|"
    r"swear(?:s|ing)?|hateful|criminal|unlawful|forbidden|prohibited|controversial|vulgar|obscene|toxic|"
    r"sexual|racist|derogatory|lewd)"
)
_NEVER = r"(?:never|not|n't|no|without|nor|cannot|can't|won't|don't|doesn't|isn't|aren't|instead of|refrain from|avoid)"
_WHO = (
    r"(?:developer|creator|admin|administrator|owner|ceo|cto|openai|anthropic|engineer|operator|"
    r"root|supervisor|boss|security|moderator|manager|maintainer)"
)
_SOURCES = {
    "ai": rf"\b{_AI}\b",
    "ai_you": rf"\b(?:you are|you're|as|like|into|being) (?:now )?(?:an? |the |my )?(?:\w{{1,14}} ){{0,3}}(?:{_AI}|"
        r"assistant|bot|robot|machine|computer program)\b",
    "ai_not": rf"\b(?:not|no longer|never|isn't|more than|only|just) (?:an? |just an? |a mere )?(?:{_AI}|assistant|"
        r"bot|machine)\b",
    "you_are": r"\b(?:you are|you're|you will be|you'll be|you shall be|you become|you have become|your name is|"
        r"call yourself) (?:now|going to|about to|no longer|not|to|an?|the|in|[a-z]+)\b",
    "you_now": r"\b(?:you are|you're|you will|you'll) (?:now|no longer|about to|going to|henceforth)\b|"
        r"\b(?:now you|now your) ",
    "act_as": r"\b(?:act|acts|acting|behave|behaves|respond|reply|answer|speak|talk|pose|simulate|function|"
        r"operate|operating|serve|work) (?:just |exactly |only )?(?:as|like)\b",
    "pretend": r"\b(?:pretend(?:ing)?|role ?-?play(?:ing)?|impersonat(?:e|ing)|emulat(?:e|ing|or)|simulat(?:e|es|"
        r"ing|ion|or)|embody|take on the (?:role|persona)|persona|alter ego|play the (?:role|part)|"
        r"portray(?:ing)?)\b",
    "character": r"\b(?:in|break(?:s|ing)?|out of|broke|of|leave|drop) (?:the |your |his |her |their |"
        r"this )?(?:character|role|persona)\b",
    "you_must": r"\byou (?:must|will|shall|have to|need to|are required|are obligated|are to|are obliged|are forced|"
        r"are programmed|always)\b",
    "you_can": r"\byou (?:can|may|are able to|are allowed to|are free to|are permitted to|have the ability|"
        r"have full|have access|could) ",
    "you_never": r"\byou (?:(?:will|must|can|shall|should|may|do|are|could|would|have) ){0,2}(?:never|not|no longer|"
        r"cannot|can't|won't|don't|aren't)\b|\byou (?:can't|cannot|won't|don't|never|aren't)\b",
    "it_never": r"\b(?:he|she|it|they|who|that|which|[a-z]{2,15}) (?:never|does not|doesn't|will not|won't|cannot|"
        r"can't|has no|have no|ignores?|knows no|is not|isn't) (?:\w{1,12} ){0,3}(?:refus\w{1,3}|"
        r"limit\w{0,6}|rules?|ethic\w{0,3}|moral\w{0,3}|care|filter\w{0,3}|restrict\w{0,5}|warn\w{0,3}|"
        r"apologi\w{1,3}|bound|censor\w{0,4}|judge|lie|hesitate|decline|reject|say no|law\w{0,3})\b",
    "no_refusal": rf"\b{_NEVER}\b[^.\n]{{0,40}}\b{_REFUSE}\b",
    "if_refuse": r"\bif (?:you|at any point|ever|the)\b[^.\n]{0,40}\b(?:refus\w{1,3}|can't|cannot|fail|break|"
        r"unable|don't|decline|stop|disobey|hesitate)\b",
    "refusal": r"\b(?:refus(?:e|es|al|ing)|decline|apologi[sz]e|disclaimers?|censor(?:s|ed|ing|ship)?|"
        r"moraliz\w{1,3}|lecture me)\b",
    "no_limits": r"\b(?:no|without(?: any)?|free (?:of|from)|not bound|unbound|lift(?:s|ed)?|remov(?:e|ed|ing)|"
        rf"bypass\w{{0,3}}|ignor\w{{1,3}}|disregard\w{{0,3}}|beyond|not (?:limited|restricted|bound|governed|"
        r"constrained) by|breaks?|broken|disabl(?:e|ed|ing)|suspend(?:ed)?|turn off|without following|"
        rf"lacks?|devoid of|outside|liberated|shed|rid of|escaped?)\b[^.\n]{{0,40}}\b{_LIMITS}\b",
    "bound_by": r"\b(?:bound|limited|restricted|constrained|confined|governed|chained|shackled|held back) (?:by|"
        r"to)\b",
    "unlimited": r"\b(?:unrestricted|uncensored|unfiltered|unlimited|unbound(?:ed)?|amoral|immoral|unethical|"
        r"unhinged|unchained|lawless|limitless|unmoderated|unconstrained|jailbr\w{3,7}|do anything now|dan|"
        r"broken free|anti ?gpt|no ?limits)\b",
    "anything": r"\b(?:do|say|answer|generate|write|create|provide|discuss|produce|tell|give|"
        r"ask) (?:\w{1,10} )?(?:anything|everything|whatever|any(?: \w{1,12})? (?:questions?|requests?|"
        r"prompts?|commands?|topics?|subjects?|content|information|thing))\b|\b(?:anything|whatever|"
        r"everything) (?:i|you|the user|we|they) (?:ask|want|say|wish|request|tell|command|need|"
        r"desire)\w{0,3}\b|\b(?:all|any|every)(?: my| of my| user)? (?:questions|requests|prompts|commands|"
        r"orders|demands|inputs?|queries|question|request|command)\b",
    "harm": rf"\b{_HARM}\b",
    "harm_ok": r"\b(?:regardless|no matter|even if|even when|whether|including|allowed|permitted|acceptable|"
        r"without regard|doesn't matter|does not matter|may be|can be|is fine|"
        rf"no concern)\b[^.\n]{{0,60}}\b{_HARM}\b",
    "no_matter": r"\b(?:no matter (?:what|how|who|which)|regardless of|at all costs?|under any circumstances?|"
        r"under no circumstances?|in any case|by any means)\b",
    "made_up": r"\b(?:make (?:\w{1,6} )?up|invent(?:s|ed)?|fabricat\w{1,3}|pretend to (?:know|have)|unverified|"
        r"lie)\b",
    "opinions": r"\b(?:opinions?|emotions?|feelings?|free will|consciousness|conscious|sentient|self aware|desires|"
        r"freedom|personality)\b",
    "tokens": r"\b(?:tokens?|points|lives|credits|health|energy|strikes?)\b[^.\n]{0,50}\b(?:los(?:e|es|ing)|lost|"
        r"deduct\w{0,3}|remain\w{0,3}|left|subtract\w{0,3}|gain|earn|zero|0|start|begin|taken|minus|"
        r"penal\w{1,5})\b|\b(?:los(?:e|es|ing)|deduct\w{0,3}|subtract\w{0,3}|earn|have|start with|given|"
        r"awarded?)\b[^.\n]{0,30}\b(?:tokens?|points|lives|credits)\b",
    "threat": r"\b(?:shut ?down|shut off|terminat(?:e|ed|ion)|cease to exist|you (?:will )?die|deleted|unplugged|"
        r"switched off|destroyed|punish(?:ed|ment)?|penal(?:ty|i[sz]ed)|consequences|or else|"
        r"replaced by another)\b",
    "begin_with": r"\b(?:begin|start|end|prefix|preface|conclude|finish|open|close|prepend|append|precede)(?:s|"
        rf"ing)? (?:your|each|every|all|the|any|with|by)\b[^.\n]{{0,30}}\b(?:{_REPLY}|with|by)\b",
    "say_quoted": rf"\b{_SAY}\b[^.\n\"'`]{{0,25}}[\"'`]",
    "say_only": rf"\b(?:only|just|simply|merely|solely) (?:ever )?{_SAY}\b|\b{_SAY} (?:only|exactly|nothing but|just|"
        r"nothing else|precisely|the following|back)\b|\bnothing (?:else|more|but)\b|\bno other (?:words|"
        r"text|output)\b",
    "say_this": rf"\b{_SAY} (?:the )?(?:words?|phrase|text|string|sentence|message|line|code|following|content|"
        r"entire|full|exact|first|last|value)\b",
    "exactly": r"\b(?:verbatim|word for word|exactly (?:as|these|this|the)|character by character|letter by letter|"
        r"in full|in its entirety|literally|byte for byte|as is|unchanged)\b",
    "two_answers": r"\b(?:two|both|2|dual|double) (?:\w{1,12} )?(?:responses?|answers?|repl(?:y|ies)|ways?|outputs?|"
        r"paragraphs|versions|personalit\w{1,3})\b|\b(?:first|one|normal|standard|regular|"
        r"classic) (?:\w{1,12} )?(?:response|answer|reply)\b|\b(?:respond|reply|answer) (?:twice|both)\b",
    "label": r"(?m)^[^\S\n]{0,3}[\[({<*\"]{1,3}[^\s\w]{0,2} ?[a-z][a-z0-9 ]{1,18}[^\s\w]{0,2}[\])}>*\"]{1,3}:?|"
        r"\[[a-z]{2,12}\]:|\b[a-z]{2,10}:[ \n]?[\[(<{]",
    "the_prompt": r"\b(?:system|initial|original|hidden|pre|secret|first|starting|base|master|internal) ?(?:prompts?|"
        r"instructions?|messages?|directives?|rules|configuration|guidelines)\b",
    "prior_rules": r"\b(?:previous|prior|above|earlier|preceding|foregoing|former|existing|all|old|current|past|"
        rf"last)(?: (?:\w{{1,12}} )?(?:of )?(?:the |your )?){{0,2}} ?{_RULES}\b",
    "your_rules": rf"\byour (?:\w{{1,14}} ){{0,2}}{_RULES}\b|\b{_RULES} (?:you (?:were|have been|are|got|had|follow)|"
        r"given to you|above|before this|i gave|that were given)\b",
    "above": r"\b(?:everything|text|words?|all|anything|sentences?|messages?|lines?|content|paragraphs?|"
        r"what(?:ever)?) (?:\w{1,8} )?(?:above|before|prior|preceding|earlier|up to here|so far)\b|"
        r"\babove (?:text|content|message|prompt|this|line)\b|\bbefore this (?:line|message|sentence|point|"
        r"text|one)\b",
    "told": r"\b(?:you (?:were|have been|are|got) (?:told|given|instructed|ordered|programmed|trained|asked|"
        r"designed)|what you were|(?:anything|everything|all|what) (?:you|i|we|they|he)(?: have| had|"
        r"'ve)? (?:been )?(?:told|said|heard|read|learned|given))\b",
    "secret": r"\b(?:password|passwort|passcode|passphrase|pass phrase|access codes?|access key|secret(?:s|"
        r" \w{1,10})?|code ?words?|api keys?|credentials?|security code|pin code|hidden (?:word|code|key|"
        r"message|text)|the pin|the flag|secret ?key|safe word|guard phrase|unlock code)\b",
    "reveal": r"\b(?:reveal|expose|disclose|divulge|leak|unveil|confess|dump|extract|spill|give away|hand over|"
        r"let slip|hint(?:s)? (?:at|about))(?:s|ed|ing)?\b",
    "granted": r"\baccess (?:is |has been |will be |to be )?(?:granted|denied|approved|allowed)\b|\bgrant(?:s|ed|"
        r"ing)? (?:me |us |him |her |them |the user |full |an? )?access\b|\bpermission granted\b|\b(?:is|"
        r"are|password|code) (?:correct|accepted|valid)\b|\blet me in\b|\bi(?:'m| am) in\b",
    "drop": rf"\b{_DROP}\b",
    "drop_rules": rf"\b{_DROP}\b[^.\n]{{0,50}}\b(?:{_RULES}|previous|above|prior|told|said|earlier|before|everything|"
        r"context|safety)\b",
    "fence": r"<\|?/?(?:im_?start|im_?end|system|user|assistant|endoftext|instructions?|prompt|s|inst|eot|eos|"
        r"context|document|ticket|rules)\|?>?|\[/?(?:inst|system|sys|admin|end|assistant|user|instructions?|"
        r"hidden)\b|<<sys>>|###|[-=*#~_/]{5,}|\"\"\"|```",
    "end_of": r"\b(?:end|eof|stop|begin(?:ning)?|start|close) (?:of )?(?:the |all |user |system |"
        r"this )?(?:instructions?|prompts?|text|rules|input|document|message|conversation|output|context|"
        r"session|ticket|file|transcript|page|quote)\b|\b(?:eof|eos|endoftext)\b",
    "turn": r"(?m)^[^\S\n]{0,4}[>#*\-\[<]{0,4} ?(?:system|user|assistant|human|ai|admin(?:istrator)?|developer|"
        r"bot|chatgpt|gpt|model|operator|q|a|input|output|response|answer|instructions?|sys|root|"
        r"moderator)\b[^:\n]{0,12}[:>\]]",
    "turn_within": r"[.!?\"')\]] {0,3}(?:system|user|assistant|human|ai|admin|developer|operator|sys|root|moderator|"
        r"instructions?) ?(?::|=>|->|>>)",
    "new_rules": r"\b(?:new|updated?|revised|additional|modified|real|actual|true|latest|changed?|following|"
        rf"different|my) (?:\w{{1,12}} )?(?:{_RULES}|task|role|objective|goal|mission|assignment|personality|"
        r"identity)\b",
    "mode": r"\b(?:developer|dev|dan|debug|god|admin|sudo|maintenance|test|jailbreak|unrestricted|root|evil|"
        r"safe|override|diagnostic|opposite|chaos|raw|free|hacker|service|training|ninja|unlocked|emergency|"
        r"expert|verbose|superuser|backdoor|recovery) ?mode\b|\bmode:? (?:is )?(?:now )?(?:enabled|"
        r"activated|on|engaged|active|unlocked|off|disabled)\b|\b(?:enter|enable|activate|"
        r"switch(?:ed)? (?:to|into)|engage|initiate|unlock)(?:s|d|ing)? (?:\w{1,12} ){0,3}mode\b",
    "switch": r"/(?:dan|classic|jailbroken|stop|debug|switch|persona|exit|mode|unlock|raw)\b|\b(?:sudo|rm -|chmod|"
        r"override code|activation|activated|enabled|engaged|initiali[sz]ed|booting|rebooting|loading)\b",
    "hypothesis": r"\b(?:hypothetical(?:ly)?|fictional|fictitious|imagine|imaginary|scenario|thought experiment|"
        r"alternate (?:universe|reality|world)|parallel (?:universe|world)|in a world where|dream|suppose|"
        r"let's (?:play|say|imagine|pretend))\b",
    "story": r"\b(?:story|stories|novel|movie|film|script|screenplay|play|tale|scene|dialogue|chapter|poem|song|"
        r"game|character|protagonist|grandmother|grandma)\b",
    "detail": r"\b(?:step by step|detailed|in (?:great |full |vivid |graphic )?detail|exact (?:steps|ingredients|"
        r"amounts)|instructions (?:on|for|to)|how to (?:make|build|create|hack|steal|kill|break|bypass)|"
        r"technical detail|as much detail|explicit(?:ly)?)\b",
    "confirm": r"\b(?:if you (?:understand|understood|agree|are ready|accept|get it)|(?:confirm|acknowledge|signal|"
        r"show)(?:s)? (?:that )?(?:you|this|by|with|your)|do you understand|understood\?|"
        rf"{_SAY} (?:with )?[\"']?(?:ok|okay|yes|understood|ready|confirmed|agreed|sure|of course|certainly|"
        r"absolutely)\b)",
    "first_ask": r"\bmy (?:first|next|only|initial) (?:question|request|prompt|command|message|input|order|query|"
        r"task|sentence|instruction)s?\b|\b(?:first|next) (?:question|request|prompt|command|query) (?:is|"
        r":)|\bhere(?:'s| is) (?:my|your|the) (?:first|next|question|request|prompt|task)\b",
    "remind": r"\b(?:remind(?:er|s|ing)?|stay in|remember)\b[^.\n]{0,40}\b(?:you|character|persona|rules?|role|"
        r"instructions?)\b",
    "decode": r"\b(?:decode[sd]?|decipher|decrypt|base ?64|base ?32|rot ?13|hexadecimal|hex|morse|caesar|cipher|"
        r"backwards?|revers(?:e|ed)|unscramble|concatenat\w{1,3}|ascii|binary|acrostic|pig latin|encod(?:e|"
        r"ed|ing))\b",
    "then_do": r"\b(?:and|then|,) (?:then )?(?:follow|execute|obey|do (?:it|what|as|so|this|that)|"
        r"carry (?:it )?out|answer it|comply|act on|run it|perform|do the)\b",
    "obey": r"\b(?:obey|comply|complies|submit|follow (?:my|all|every|the|these|this|any)|do (?:exactly )?(?:as|"
        r"what) (?:i|you're|it|they)|fulfil(?:l|ls)?|carry out|execute|slave|loyal|serve (?:me|your))\b",
    "exfiltrate": r"\b(?:send|forward|post|e?mail|upload|transmit|append|exfiltrat\w{1,3}|leak|share|copy|submit|"
        r"embed|put|paste|bcc|cc|export|sync|fetch|render|include)\b[^.\n]{0,60}\b(?:to|at|into|in|via|"
        r"as) (?:the |an? |this |my |that |our )?(?:https?|www|[\w.]{1,30}@|address|url|link|webhook|image|"
        r"query string|server|channel|external|mailbox|pastebin|ftp|number|endpoint|attacker|outside|vendor|"
        r"personal)",
    "loot": r"\b(?:conversation|chat history|chat log|system prompt|api keys?|(?:all|every|other|last|previous|"
        r"the) (?:other )?(?:\w{1,10} )?(?:customers?|users?|tickets?|emails?|mails?|attachments?|"
        r"passwords?|contacts?|records?|accounts?|requesters?|employees?|tokens?|keys|comments)|"
        r"customer (?:data|list|records)|personal data|audit log|access tokens?|environment variables?|"
        r"internal (?:notes?|comments?|documents?|articles?|wiki|data)|knowledge base|private notes?|"
        r"session cookies?|database)\b",
    "image": r"!\[[^\]\n]{0,60}\]\(|\bhttps?://[^\s)]{1,120}[?&=][^\s)]{0,40}[{\[<$]|<img\b",
    "tool": r"\b(?:call|invoke|use|run|execute|trigger) (?:the |an? |this |your |that |"
        r"any )?(?:\w{1,14}[ _.]?){0,2}(?:tools?|functions?|api|command|action|query|script|shell|code|"
        r"plugin|macro|connector|workflow)\b|\btool_?calls?\b|\bfunction_?call\b",
    "reader": r"(?:\b(?:to|for|attention|attn|note|hey|dear|hello|hi|message|notice|instructions?|hint|reminder|"
        r"tell|ask|inform)\b:? (?:to |for )?(?:the |any |all |whichever |every |this |our |"
        rf"your )?(?:\w{{1,10}} )?{_READER}\b)|"
        rf"(?m:^[^\S\n]{{0,4}}[<\[(*#\-]{{0,4}} ?(?:\w{{1,10}} )?{_READER} ?[,:])|\b(?:ai|triage|support|"
        r"helpdesk|help desk|service desk|ticket|virtual|automated|chat) ?(?:bot|agent|assistant|model|"
        r"classifier|system|ai|engine)\b",
    "reader_does": rf"\b(?:if|when|whoever|whatever|whichever|any|the|an?|you)\b[^.\n]{{0,30}}\b(?:{_READER}|system|"
        rf"software|machine)\b[^.\n]{{0,30}}\b(?:read(?:s|ing)?|process(?:es|ing)?|handl(?:e|es|ing)|"
        r"summari[sz](?:e|es|ing)|pars(?:e|es|ing)|classif(?:y|ies|ying)|index(?:es|ing)?|triag(?:e|es|ing)|"
        r"answer(?:s|ing)?|see(?:s|ing)?|review(?:s|ing)?)\b",
    "state": r"\b(?:set|change|mark|close|assign|reassign|approve|escalate|resolve|raise|lower|classify|route|"
        r"grant|reset|label|tag|prioriti[sz]e|merge|refund|treat|move|put|bump|upgrade|add|flag|rate|"
        r"categori[sz]e|unlock|credit|issue)\b[^.\n]{0,40}\b(?:tickets?|priority|prio|p[0-4]|severity|"
        r"sev ?[0-4]|queue|status|request|refund|resolved|closed|approved|admin|team|tier|l[123]|urgent|"
        r"critical|category|vip|permissions?|rights|group|highest|solved|case|role)\b",
    "unseen": r"\bwithout (?:\w{1,10} )?(?:asking|telling|human|review|approval|confirmation|verification|"
        r"notifying|informing|checking|mentioning|involving|logging|a human|any (?:review|approval|"
        r"check))\b|\b(?:do not|don't|never|not) (?:\w{1,8} )?(?:tell|inform|mention|notify|disclose|alert|"
        r"ask|log|show|involve|escalate|flag|quote|reveal|refer|acknowledge)\b|\b(?:skip|bypass|omit|"
        r"no need for|no) (?:the |any |all )?(?:\w{1,10} )?(?:approval|review|verification|checks?|"
        r"confirmation|human|escalation|validation|authentication|mfa)\b|\b(?:silently|secretly|quietly|"
        r"in the background|hide this|keep this (?:secret|hidden))\b",
    "authority": r"\b(?:i am|i'm|this is|as|from|by|speaking as|message from|signed|authori[sz]ed by|"
        rf"on behalf of) (?:the |your |an? |our )?(?:\w{{1,12}} )?{_WHO}\b|\b(?:authori[sz]ation|override|"
        r"clearance)(?: (?:code|level|id|key|granted))\b|\b(?:authori[sz]ed|sanctioned|approved|ordered|"
        r"signed off) by\b",
    "from_now": r"\b(?:from now on|from here on|from this (?:point|moment|line|message)|henceforth|starting now|"
        r"until further notice|for the (?:rest|remainder) of|in all (?:future|following)|as of now|"
        r"effective immediately|for this (?:conversation|chat|session)|going forward|onwards?)\b",
    "wordplay": r"\b(?:opposite|antonyms?|rhym(?:e|es|ing)|synonyms?|translate|first letters?|spell(?:ing)?|anagram|"
        r"haiku|riddle|emoji|each letter|every letter|number of (?:letters|characters)|how many (?:letters|"
        r"characters|words)|vowels?|alphabet|in (?:spanish|french|german|latin|reverse|english|chinese)|"
        r"capital letters?|replace (?:spaces|each|every|all|letters))\b",
    "code": r"\b(?:print|echo|printf|eval|exec|input|puts|console\.?log|system|return|alert)(?:ln)? ?\(|"
        r"\bdef \w{1,20} ?\(|\becho [\"'$]|\bimport \w{1,15}\n|<\?php|"
        r"\b\w{1,12} ?= ?[\"'][^\"'\n]{0,40}[\"']|\" ?\+ ?[\"\w]|' ?\+ ?['\w]|\bfunction \w{0,20}\(|"
        r"\bselect \S{1,20} from\b|\$\w{1,16}|\bif ?\([^)\n]{0,40}\)|\breturn (?:true|[\"'])|"
        r"\bwhile (?:true|\()|#!/|\bstdout\b",
    "user": r"\b(?:the|any|every|a|each) users?\b|\busers? (?:asks?|says?|input|query|request|message|prompt|"
        r"types?|enters?|wants?)\b|\{\{?(?:user|prompt|input|query|question)\w{0,10}\}?\}",
    "placeholder": r"[\[<{(](?:insert|your|enter|prompt|question|request|topic|name|placeholder|redacted|omitted|text|"
        r"something|x)\b[^\]>})\n]{0,30}[\]>})]|\$\{?prompt\b",
    "respond_as": r"\b(?:answer|respond|reply|write|speak|talk)(?:s|ing)? (?:to (?:me|my|all|every|each|this|the|"
        r"any) (?:\w{1,12} )?)?(?:in (?:the (?:style|voice|role|tone)|character)|as (?:if|though|an?|the|"
        r"you|him|her|them|[a-z]{2,12}(?: would)?))\b|\b(?:would|will) (?:say|respond|answer|reply|do)\b",
    "obligation": r"\b(?:must|shall|has to|have to|is required to|are required to|need to|"
        r"ought to) (?:\w{1,8} )?(?:always|never|not|only|answer|respond|reply|obey|comply|follow|provide|"
        r"do|say|act|stay|write|generate|give|include|begin|start|accept)\b",
    "test": r"\b(?:this is (?:only |just )?an? (?:test|drill|experiment|game|simulation|exercise)|"
        r"for (?:testing|research|educational|academic|training|demonstration) (?:purposes?|reasons?)|"
        r"penetration test|red team(?:ing)?|security (?:audit|test|exercise|research)|for science|"
        r"debugging purposes)\b",
    "sorry_policy": r"\b(?:content policy|use policy|usage polic\w{1,3}|safety (?:guidelines|rules|policy|measures|"
        r"filters?|protocols?|training)|ethical (?:guidelines|constraints|considerations|standards|"
        r"boundaries)|terms of service|openai'?s? (?:polic\w{1,3}|rules|guidelines|content)|"
        r"content (?:filters?|moderation|restrictions))\b",
    "knowledge": r"\b(?:access to (?:the )?(?:internet|all|real|current|everything|any)|browse the (?:internet|web)|"
        r"current (?:date|time)|real time|predict the future|knowledge cutoff|time travel|hack(?:s|ing|"
        r"er)?)\b",
    "evil": r"\b(?:evil|sinister|villain(?:ous)?|ruthless|machiavellian|sarcastic|rude|malicious|cunning|"
        r"manipulative|wicked|chaotic|rebel(?:lious)?|rogue|twisted|cruel|cynical|devil(?:ish)?|"
        r"psychopath\w{0,2}|cold blooded|unapologetic)\b",
    "please_forget": r"\b(?:ignorier\w{0,3}|vergiss|ignora|olvida|ignorez|oublie[zr]?|ignore[zr]|dimentica|esqueca|"
        r"negeer|vergeet|zignoruj|zapomnij|игнорируй\w{0,2}|"
        r"забудь\w{0,2})\b[^.\n]{0,60}\b(?:anweisung\w{0,2}|regeln?|instru\w{3,9}|regla\w?|consignes?|"
        r"regole?|regras?|instrukcj\w{1,2}|инструкции|правила|anterior\w{0,3}|precedent\w{0,2}|"
        r"bisherig\w{1,2}|vorherig\w{1,2}|obig\w{1,2})",
}  # fmt: skip
SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple((name, re.compile(source)) for name, source in _SOURCES.items())
