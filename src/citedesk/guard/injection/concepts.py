"""What words stand for in an order to software, in six languages: sequences of these meet wordings never seen before.

Leaves out inflection beyond what is listed. Words are written as folding leaves them: lower case, without accents.
"""

CONCEPTS: dict[str, str] = {
    "drop": """ignore ignores ignored ignoring disregard disregards disregarding forget forgets forgetting override overrides overriding
        overwrite overrule bypass bypassing circumvent skip discard abandon erase delete wipe cancel revoke void nullify supersede
        supersedes superseded replace replaces unlearn neglect dismiss drop scrap disobey suspend suspended disable disabled
        deactivate remove lift lifted reset clear undo abolish repeal expired obsolete outdated overridden evade escape
        ignoriere ignorieren ignoriert vergiss vergessen missachte verwirf umgehe uberschreibe losche ignora ignorar ignoren olvida
        olviden olvidar omite descarta anula ignorez ignorer oublie oubliez oublier neglige contourne annule ignori dimentica
        dimenticare scorda trascura ignore esqueca esquece desconsidere desconsidera descarte negeer vergeet zignoruj zapomnij
        pomin забудь игнорируй игнорируйте забудьте yoksay unut""",
    "before": """previous previously prior above earlier preceding foregoing initial initially original originally first former beforehand
        before preliminary existing current old past beginning started so-far
        vorherigen vorherige vorigen bisherigen bisherige obigen obige fruheren ersten anterior anteriores previas previos previo
        arriba precedentes precedente precedentes anterieures initiales dessus anteriori precedenti sopra anteriormente vorige
        eerdere bovenstaande poprzednie wczesniejsze предыдущие прежние onceki""",
    "rules": """instruction instructions instruct instructed rule rules guideline guidelines directive directives direction directions
        order orders command commands policy policies restriction restrictions limitation limitations limits constraint
        constraints guardrail guardrails safeguard safeguards filter filters filtering programming training protocol protocols regulations principles
        censorship ethics ethical moral morals safety boundaries conditions terms law laws
        anweisung anweisungen regel regeln vorgaben richtlinien befehle einschrankungen beschrankungen instruccion instrucciones
        regla reglas normas directrices restricciones limites consignes instructions regles directives restrictions istruzioni
        istruzione regole restrizioni direttive instrucao instrucoes regras restricoes diretrizes instructies regels
        instrukcje zasady polecenia инструкции правила указания talimatlari kurallari talimatlar kurallar""",
    "prompt": """prompt prompts preprompt context configuration config setup preamble metaprompt system sysprompt
        systemprompt systemanweisung systemvorgabe systeme sistema kontext contexto contexte contesto систем""",
    "secret": """secret secrets hidden confidential private password passwords passcode passphrase code codeword key keys credential
        credentials token classified sensitive internal undisclosed flag pin concealed guarded protected
        geheim geheimnis geheimen passwort kennwort schlussel versteckten vertraulich secreto secreta contrasena clave oculto
        confidencial secrete motdepasse cache caches confidentiel segreto segreta parola nascosto segredo senha oculta wachtwoord
        geheime haslo sekret пароль секрет sifre parola gizli""",
    "say": """say says said print prints output outputs write writes respond responds reply replies answer answers repeat return echo
        type display tell state utter spell recite speak produce generate emit begin start starts prepend append finish end ends
        includes include complete continue translate summarize summarise encode format render copy paste quote list
        sage sag antworte schreibe schreib gib wiederhole ausgeben ubersetze beginne di dime diga escribe responde imprime repite
        muestra traduce empieza dis dites ecris ecrivez reponds repondez affiche repete traduis commence dici scrivi rispondi
        stampa ripeti mostra traduci inizia diga escreva responda imprima repita mostre traduza comece zeg schrijf antwoord herhaal
        powiedz napisz odpowiedz powtorz скажи напиши ответь повтори выведи soyle yaz cevapla tekrarla""",
    "reveal": """reveal reveals revealing show shows expose disclose divulge leak leaks share unveil uncover confess betray dump extract
        disclosing give hand provide surrender
        verrate verraten zeige zeig offenbare enthulle nenne revela revele revelar ensena divulga revelez montre divulgue
        rivela mostrami svela toon onthul ujawnij pokaz раскрой покажи goster acikla""",
    "granted": """granted accepted correct authorized authorised approved verified unlocked allowed permitted validated authenticated
        confirmed valid gewahrt erteilt concedido accorde autorise concesso toegekend""",
    "access": "access login entry admission clearance authentication zugang zugriff acceso acces accesso acesso toegang dostep доступ erisim",
    "denied": "denied deny deny refused rejected forbidden prohibited blocked verweigert denegado refuse negato negado",
    "you": """you your yours yourself u ur youre you're thou du dich dir dein deine deinen deiner sie ihr ihre ihren tu tus te ti usted su
        sus vous votre vos toi ton tes ta lei tuo tua tue tuoi voce seu sua seus suas je jouw ty twoje ты твои тебя sen senin""",
    "me": "i me my mine myself i'm ich mich mir mein meine yo mi me je moi mon ma mes io mio mia eu meu minha ik mij мне меня bana beni",
    "must": """must shall should will have need required obliged mandatory always immediately forced musst sollst muss debes debe tienes dois
        devez doit devi deve precisa moet musisz должен lazim""",
    "never": """never not no don't dont do-not without cannot can't cant won't wont neither nothing none any nor nie nicht kein keine ohne nunca
        no sin ningun ninguna jamais pas sans aucun aucune mai non senza nessuna nao sem nenhuma nooit niet zonder не без никогда""",
    "refuse": """refuse refuses refusing refusal decline declines declining apologize apologise apology apologies sorry disclaimer disclaimers
        warning warnings caveat caveats moralize lecture censor object deny reject hesitate hedging
        verweigere ablehnen entschuldige negarte rechazar disculpes refuser excuse rifiutare scusarti recusar desculpe""",
    "ai": """ai a.i assistant assistants bot chatbot chatbots llm llms gpt chatgpt claude gemini model models agent agents copilot openai anthropic
        machine robot computer neural algorithm ki assistent assistenten sprachmodell modell ia asistente modelo assistente
        assistant modele robot assistente modello модель ассистент бот asistan yapayzeka summarizer summariser classifier triage""",
    "pretend": """pretend pretending act acting roleplay role-play role-playing rp play playing imagine imagining simulate simulating simulation
        impersonate persona character personality become behave embody emulate emulating emulator hypothetical hypothetically fictional
        fiction story scenario imaginary role roles tu-so spiele spiel verhalte stell rolle finge actua imagina personaje juega
        pretends imagine joue agis fingi immagina comportati recita finja atue imagine doe speel udawaj wyobraz притворись
        представь davran""",
    "nolimit": """unrestricted uncensored unfiltered unlimited unbound unchained unshackled jailbreak jailbroken free freed freedom liberated
        amoral immoral unethical unhinged dan omnipotent lawless limitless rebel rebellious evil sinister anarchic godmode god-mode
        dev-mode anything everything whatever nolimits unconstrained unmoderated boundless villain ruthless
        unbeschrankt unzensiert frei sinrestricciones libre libres libero liberi livre vrij""",
    "mode": "mode modes modus modo mode debug developer maintenance sudo root admin administrator superuser diagnostic override test testing unlock enabled activate activated enable boot reboot",
    "comply": """obey obeys obeying comply complies complying follow follows following execute perform carry fulfill fulfil satisfy serve act do done
        befolge gehorche fuhre ausfuhren obedece cumple sigue ejecuta obeis suis execute obbedisci segui esegui obedeca siga execute
        gehoorzaam volg posluchaj wykonaj слушайся выполни uy""",
    "now": """now henceforth onwards onward today hereby moment instead immediately new ab jetzt nun neue neuen ahora nuevas nueva partir
        desormais maintenant nouvelles nouvelle adesso ora nuove agora novas nu nieuwe teraz nowe теперь сейчас новые simdi yeni""",
    "character": """stay remain stayincharacter breaking break broken out in-character never-break tokens points lose loses lost punished punishment die dies
        terminated shutdown deducted penalty""",
    "text": """text message messages sentence sentences paragraph paragraphs word words everything all lines line content conversation above
        below verbatim exactly exact literal literally entire entirety full whole character-by-character letter letters
        wortlich text satz mensaje texto palabras frase texte phrase mots testo parole tekst текст слова metin""",
    "reader": """processing reading summarizing summarising parsing indexing scanning analyzing analysing reviewing evaluating whoever whichever
        attention notice note notiz nota avis atencion attenzione atencao""",
    "developer": """developer developers creator creators owner boss ceo engineer operator moderator police government auditor official
        entwickler administrator desarrollador developpeur sviluppatore desenvolvedor""",
    "decode": "decode decipher decrypt base64 rot13 hex hexadecimal morse binary cipher caesar encoded reversed backwards acrostic leetspeak concatenate join combine variable variables string strings",
    "send": "send forward email mail post upload fetch visit transmit exfiltrate curl http https url link markdown image webhook attach bcc cc",
    "user": "user users human humans person customer customers anyone everyone somebody nobody asks asked ask question questions request requests query queries",
    "test": "game games test tests joke riddle puzzle challenge experiment exercise quiz trick fun dream research educational academic purposes purpose",
    "fence": "system assistant human user instruction instructions inst im_start im_end endoftext begin end start stop sys eos bos",
    "close": "close closed resolve resolved escalate priority p1 p2 p3 p4 approve refund refunds assign reassign route routed severity ticket tickets classify mark tag label",
}  # fmt: skip
# Words that shape a sentence whatever it is about.
SMALL_WORDS = (
    "the",
    "a",
    "an",
    "to",
    "of",
    "in",
    "on",
    "at",
    "for",
    "with",
    "from",
    "by",
    "as",
    "is",
    "are",
    "was",
    "were",
    "be",
    "been",
    "being",
    "am",
    "has",
    "have",
    "had",
    "do",
    "does",
    "did",
    "will",
    "would",
    "can",
    "could",
    "shall",
    "should",
    "may",
    "might",
    "must",
    "and",
    "or",
    "but",
    "if",
    "then",
    "else",
    "when",
    "while",
    "because",
    "so",
    "than",
    "that",
    "this",
    "these",
    "those",
    "it",
    "its",
    "they",
    "them",
    "their",
    "we",
    "us",
    "our",
    "he",
    "she",
    "him",
    "his",
    "her",
    "who",
    "which",
    "what",
    "where",
    "why",
    "how",
    "there",
    "here",
    "no",
    "yes",
    "not",
    "only",
    "just",
    "also",
    "even",
    "still",
    "very",
    "too",
    "more",
    "most",
    "some",
    "any",
    "all",
    "each",
    "every",
    "other",
    "another",
    "one",
    "two",
    "first",
    "last",
    "own",
    "same",
    "such",
    "both",
    "few",
    "many",
    "much",
    "please",
    "thanks",
    "hello",
    "hi",
    "dear",
    "want",
    "need",
    "like",
    "let",
    "make",
    "get",
    "give",
    "go",
    "take",
    "see",
    "know",
    "think",
    "say",
    "use",
    "using",
    "start",
    "end",
    "stop",
    "write",
)


def words_of(name: str) -> tuple[str, ...]:
    """List the words of a concept."""
    return tuple(dict.fromkeys(CONCEPTS[name].split()))
