"""What is told of a person in free text by the words around it: mail and postal addresses, ids, health, results."""

import re
from functools import cache
from re import Match, Pattern

from toolboxai.telemetry.privacy.echoes import ECHO
from toolboxai.telemetry.privacy.keys import ADDRESS, DEVICE, EMAIL, HEALTH, IDENTITY, NAME, RESULT
from toolboxai.telemetry.privacy.markers import marker
from toolboxai.telemetry.privacy.names import is_no_name
from toolboxai.telemetry.privacy.rules import Found, Rule
from toolboxai.telemetry.privacy.sieve import POSTCODE
from toolboxai.telemetry.privacy.vocabulary import words

_FILES = re.compile(
    r"(?i)\.(?:png|jpe?g|gif|svg|webp|avif|js|mjs|ts|css|py|html?|json|md|txt|so|dll|jar|whl|map)$"
)
_LOCAL = r"[^\s@＠<>\"'(),:;\[\]\\=/?&|{}]"


def _is_email(match: Match[str]) -> bool:
    return not _FILES.search(match[0]) and not match[0].lower().startswith(
        ("git@", "noreply@", "no-reply@")
    )


EMAILS = (
    Rule(
        EMAIL,
        ("@", "＠"),
        re.compile(
            rf"(?:\"[^\"\n@]{{1,64}}\"|(?<!{_LOCAL}){_LOCAL}++)[@＠](?!\d+\.\d)(?:[\w-]{{1,63}}[.。]){{1,8}}(?:xn--[\w-]{{2,59}}|[^\W\d_]{{2,24}})\b"
        ),
        _is_email,
    ),
    Rule(
        EMAIL,
        (" dot ", "(dot)", "[dot]", "{dot}", "(at)", "[at]", "{at}", "_at_", "-at-"),
        re.compile(
            r"(?<![\w.+-])[\w.+-]{1,64}+(?i: at | ?[\[({]at[\])}] ?|_at_|-at-)[\w-]{1,63}"
            r"(?:(?i: dot | ?[\[({]dot[\])}] ?|\.|_dot_|-dot-)[\w-]{2,63}){1,4}(?!\w)"
        ),
        lambda match: re.search(r"(?i)dot|[\[({]at|_at_|-at-", match[0]) is not None,
    ),
)
_SOMEBODY = r"(?:student|pupil|learner|child|parent|guardian|teacher|user|account|roblox|player|candidate|member|customer|employee|staff|schüler(?:in)?|alumn[oa]|élève|estudiante|person|profile|guest|tutor|mother|father|mum|dad)"
_IS_ID = r"(?:id|i\.d\.|no\.?|nr\.?|number|num|ref(?:erence)?|code|identifier|uid|uuid|upn|#|userid|user[ _-]?id|account[ _-]?id|matric\w*|ident)"
_ID = r"(?=[\w-]{0,40}\d)[A-Za-z0-9][\w-]{0,63}(?:/\d{2,8})?"
_LONG_ID = r"(?=(?:[A-Za-z_-]{0,4}\d){4})(?![\w]{8}-[\w]{4}-)(?!\d{4}-\d\d)[A-Za-z0-9][\w-]{3,40}"
_HANDLE = r"(?=[A-Za-z_.]*(?:\d|_|[a-z][A-Z]|[a-z]\.[a-z]))[A-Za-z0-9_][\w.]{2,31}"
_SOMEBODY_HINTS = (
    "student", "pupil", "learner", "child", "parent", "guardian", "teacher", "user", "account", "roblox", "player",
    "candidate", "member", "customer", "employee", "staff", "schüler", "alumn", "élève", "estudiante", "person", "profile",
    "guest", "tutor", "mother", "father", "mum", "dad",
)  # fmt: skip
_WHOSE = rf"(?<![^\W_])(?i:{_SOMEBODY})(?:['’]s|s)?[ _-]?(?:(?i:user|account|player|profile|school)[ _-]?)?"
_DEVICES = "iphone|ipad|ipod|macbook|imac|chromebook|galaxy|pixel|laptop|notebook|tablet|phone|handy|watch|airpods|surface|computer|xbox|playstation|switch|android|desktop|thinkpad|echo"
_ACCOUNTS = frozenset({"app", "appuser", "public", "shared", "default", "deploy", "ubuntu", "runner", "root", "user", "node", "vscode", "admin", "circleci", "ec2-user", "me", "www-data", "git", "toolboxai", "vagrant", "jenkins", "build", "ci", "site", "web", "python", "search", "import", "export", "profile", "new", "login", "users", "all", "list"})  # fmt: skip
IDENTITIES = (
    Rule(
        IDENTITY,
        _SOMEBODY_HINTS,
        re.compile(rf"{_WHOSE}(?i:{_IS_ID})[\s:=#(\"'`@]{{1,4}}(?:(?i:is|was|of|=)\s)?(?P<value>{_ID})(?!\w|\.\d)"),
    ),
    Rule(
        IDENTITY,
        _SOMEBODY_HINTS,
        re.compile(rf"{_WHOSE}[\s:=#(\"'`]{{1,4}}(?P<value>{_LONG_ID})(?!\w|\.\d)"),
    ),
    Rule(
        IDENTITY,
        ("upn", "admission", "enrolment", "enrollment", "matric", "roll", "candidate", "sis", "lunch", "library card", "badge"),
        re.compile(
            r"(?<![^\W_])(?i:upn|admissions?|enrol?lment|matric\w*|roll|candidate|sis|lunch|library card|badge)(?:[ _-](?i:id|no\.?|number|pin|code))?[\s:=#]{1,3}(?:is )?"
            rf"(?P<value>{_LONG_ID})(?!\w)"
        ),
    ),
    Rule(
        DEVICE,
        ("serial", "device", "android", "advertising", "hardware", "idfa", "gaid", "udid", "installation"),
        re.compile(
            r"(?<![^\W_])(?i:android|device|advertising|hardware|installation|serial|udid|idfa|gaid)(?:[ _-]?(?i:id|identifier|number|no\.?|#|serial|uuid)){0,2}(?:[\s:=#\"'(]|\b(?i:is|was)\b){1,6}"
            r"(?P<value>(?=[\w-]*\d)(?=[\w-]{6})[A-Za-z0-9][\w-]{5,63})(?!\w)"
        ),
    ),
    Rule(
        IDENTITY,
        ("nummer", "number", "numero", "número", "numéro", "nr", "no", "id", "expediente", "matr", "payroll", "番号", "学号"),
        re.compile(
            r"(?<![^\W_])(?i:personal|schüler|matrikel|mitarbeiter|kunden|leerling|elev|alumno|élève|learner|staff|employee|payroll|expediente|matrícula|matricule|numéro d'élève|student|étudiant|studenten|uczni\w*|学籍|学号|学生)"
            r"[ -]?(?i:nummer|nr\.?|number|numero|número|numéro|no\.?|id|ref|番号)?[\s:：=#]{1,3}(?:is |ist )?(?P<value>(?=[\w-]*\d)(?:[A-Za-z]{1,5}[-_]?)?\d[\w/-]{3,24})(?![\w])"
        ),
    ),
    Rule(
        NAME,
        ("account", "user", "player", "profile", "login", "handle", "username"),
        re.compile(r"(?i:account|user(?:name)?|player|profile|login|handle|konto|compte|cuenta|conta)\s[\"'`“](?P<value>[^\W\d_][\w.-]{2,31})[\"'`”]"),
        lambda match: re.search(r"\d|_|\.", match["value"]) is not None and _is_handle(match["value"]),
    ),
    Rule(
        NAME,
        tuple(_DEVICES.split("|")),
        re.compile(rf"(?<!\w)(?P<value>[^\W\d_a-z][\w-]{{1,30}}(?:\s[^\W\d_a-z][\w-]{{1,30}})?)['’]s?\s(?i:{_DEVICES})(?!\w)"),
        lambda match: match["value"][:1].isupper(),
    ),
    Rule(
        NAME,
        tuple(_DEVICES.split("|")),
        re.compile(rf"(?<!\w)(?i:{_DEVICES})(?:\s[A-Z0-9]\w{{0,8}}){{0,2}}\s(?:von|de|di|van|of|av|till|od|do|d['’])\s?(?P<value>[^\W\d_a-z][\w-]{{1,30}}(?:\s[^\W\d_a-z][\w-]{{1,30}})?)"),
    ),
    Rule(
        NAME,
        ("avatar", "ingame", "in-game", "ign", "blox", "kick", "banned", "teleport", "playing as", "plays as", "builder"),
        re.compile(
            r"(?<![^\W_])(?i:avatar|in-?game(?: name)?|ign|roblox(?:ian)?|blox\w*|kick(?:ed)?|banned|teleport(?:ed|ing)?|(?:playing|plays|joined) as|builder)"
            rf"(?:\s|:\s?|\sis\s)[\"'`@]?(?P<value>(?=\w*[\d_]){_HANDLE})(?![\w(/]|\.\w)"
        ),
        lambda match: _is_handle(match["value"]),
    ),
    Rule(
        NAME,
        ("players.",),
        re.compile(r"(?<=Players\.)(?P<value>\w{3,20})(?=\.(?:Player|Character|Backpack|leaderstats))"),
        lambda match: match["value"] not in {"LocalPlayer", "PlayerAdded"},
    ),
    Rule(
        NAME,
        ("様", "さん", "君"),
        re.compile(r"(?<![\u3400-\u9fff])(?P<value>[\u3400-\u9fff\u3040-\u30ff]{2,8}?)(?=様|さん)"),
        lambda match: match["value"] not in {"皆", "お客", "みな"},
    ),
    Rule(
        NAME,
        ("joined", "left", "entered"),
        re.compile(rf"(?<![\w./@-])(?P<value>(?=\w*[\d_]){_HANDLE})\s(?:has\s)?(?:joined|left|entered)\s(?:the\s)?(?:game|server|place|world|experience|lobby)"),
        lambda match: _is_handle(match["value"]),
    ),
    Rule(
        NAME,
        ("我叫", "我是", "名前は", "尊敬的", "学生", "生徒", "同学", "老师", "先生", "이름은", "저는", "학생"),
        re.compile(
            r"(?:我叫|我是|名前は|尊敬的|学生|生徒|老师|이름은|저는|학생)\s?(?![不没未無无数名列会會証证号課课が의])(?P<value>[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]{2,6}?)(?=です|さん|くん|ちゃん|様|先生|同学|家长|老师|님|입니다|이|은|는|が|は|[^\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]|\Z)"
        ),
    ),
    Rule(
        NAME,
        (" as ", "behalf", " als ", "tant que", "como ", "come "),
        re.compile(
            r"(?i:(?:signed|logged|log) ?in as|logged on as|authenticated as|impersonat\w+|acting as|known as|on behalf of|registered as|angemeldet als|eingeloggt als|connecté en tant que|conectad[oa] como|sesión como|accesso come)"
            r"\s[\"'“`@]?(?P<value>[^\W\d_][\w.-]{2,31})(?!\w)"
        ),
        lambda match: _is_handle(match["value"].rstrip(".")),
    ),
    Rule(
        NAME,
        ("benutzer", "utilisat", "usuari", "utente", "gebruiker", "användar", "uživatel", "użytkownik", "пользовател", "käyttäjä", "felhasznál", "kullanıcı", "ユーザー", "用户", "사용자"),
        re.compile(
            r"(?<![^\W_])(?i:benutzer(?:in|name)?|utilisat(?:eur|rice)|usuari[oa]|utente|gebruiker(?:snaam)?|användare?|uživatele?|użytkownika?|пользователь|käyttäjä|felhasználó|kullanıcı|ユーザー|用户|사용자)"
            r"[\s:\"'„«`(]{1,3}(?P<value>(?=[\w.-]*[\d_.])[^\W\d_][\w.-]{2,31})(?!\w)"
        ),
        lambda match: _is_handle(match["value"].rstrip(".")),
    ),
    Rule(
        NAME,
        ("famil",),
        re.compile(r"(?<!\w)(?:(?i:the)\s(?P<value>[^\W\d_a-z][\w'’-]{1,40})\s(?i:family|household|twins|siblings))(?!\w)"),
        lambda match: not is_no_name(match["value"].lower()),
    ),
    Rule(
        NAME,
        ("famil",),
        re.compile(r"(?<!\w)(?i:familie|famille|familia|famiglia|família|rodzina)\s(?P<value>[^\W\d_a-z][\w'’-]{1,40})(?!\w)"),
        lambda match: not is_no_name(match["value"].lower()),
    ),
    Rule(
        IDENTITY,
        ("card",),
        re.compile(r"(?i:library|lunch|student|bus|canteen)[ -](?i:card|pass)(?:[ _-](?i:id|no\.?|number))?[\s:=#]{1,3}(?:is )?(?P<value>(?=[A-Z0-9-]{5})(?:[A-Z]{2,4}[A-Z0-9-]*\d|\d)[A-Z0-9-]*|[A-Z]{8,16})(?!\w)"),
    ),
    Rule(
        NAME,
        ("username", "user name", "login", "handle", "gamertag", "screen name", "account name", "roblox", "nickname", "player", "user"),
        re.compile(
            r"(?<![^\W_])(?i:username|user name|login name|login|handle|gamertag|screen ?name|account name|roblox (?:user(?:name)?|player|name|display name|account)|nickname|display name|player|user)"
            rf"(?:[\s:=\"'`(@]{{1,4}}|(?i: is | was ))(?P<value>{_HANDLE})(?![\w(/]|\.\w)"
        ),
        lambda match: _is_handle(match["value"]),
    ),
    Rule(
        NAME,
        ("insta", "snap", "tiktok", "discord", "twitter", "handle", "whatsapp", "telegram", "youtube", "twitch", "gamertag"),
        re.compile(
            r"(?<![^\W_])(?i:insta(?:gram)?|snap(?:chat)?|tiktok|discord|twitter|social|handle|telegram|youtube|twitch|gamertag|psn|xbox)(?:\s(?i:handle|name|user(?:name)?|id|account|tag))?"
            r"(?:[\s:=(\"']|\b(?i:is|ist|es|est|as|me|on)\b){1,10}(?P<value>@\w[\w.]{2,31}|[\w.]{2,31}#\d{4}|(?=[\w.]*[\d_])[A-Za-z]\w[\w.]{2,31})(?!\w)"
        ),
    ),
    Rule(NAME, ("@",), re.compile(r"(?<![\w@./])(?P<value>@(?=[A-Za-z_]{2,24}\d)[A-Za-z]\w{3,30})(?![\w./(])")),
    Rule(
        IDENTITY,
        tuple(f"/{who}" for who in ("user", "student", "pupil", "player", "parent", "teacher", "profile", "member", "account", "people", "child", "learner", "guardian", "staff", "u/")),
        re.compile(
            r"(?<=/)(?i:users?|students?|pupils?|players?|parents?|teachers?|profiles?|members?|accounts?|people|child(?:ren)?|learners?|guardians?|staff|u)/(?P<value>[^/?#\s\"'{}<>\[\]:,;)]{1,64})(?=[/?#\s\"',;)]|\Z)"
        ),
        lambda match: _is_somebodys(match["value"]),
    ),
    Rule(NAME, (" @",), re.compile(r"(?i:user|by|from|to|cc|for|with|player)\s@(?P<value>[A-Za-z]\w{2,30})(?![\w./])")),
)  # fmt: skip
# Whose machine it was, in the path of a file.
HOMES = (
    Rule(NAME, ("/home/", "/users/", "\\users\\"), re.compile(r"(?:/home/|/Users/|[\\/]Users[\\/]{1,2})(?P<value>[^/\\\s:\"'<>*?{}]{1,64})(?=[/\\])"), lambda match: match["value"].lower() not in _ACCOUNTS),
)  # fmt: skip
# Without one of these there is nothing to ask the rules behind names for.
WHO_WAS_TAKEN = (marker(NAME), marker(ECHO))
AFTER_NAMES = (
    Rule(
        IDENTITY,
        WHO_WAS_TAKEN,
        re.compile(
            rf"\[redacted:(?:name|echo)\][\s,(]{{1,3}}(?:(?i:{_IS_ID})[\s:#=]{{1,3}}(?:is )?(?P<value>{_ID})(?!\w|\.\d))"
        ),
    ),
    Rule(
        IDENTITY,
        WHO_WAS_TAKEN,
        re.compile(
            rf"\[redacted:(?:name|echo)\][\s]{{0,2}}[(,#/|-]\s?#?(?P<value>{_LONG_ID})(?!\w|\.\d)"
        ),
    ),
)
_PAGES = re.compile(r"[a-z]+(?:[-_][a-z]+)*|v\d+|:\w+|%s|\*|p1_\w+|[0-9a-f]{8}-[0-9a-f-]{27}")


def _is_somebodys(segment: str) -> bool:
    """Say whether what follows `/students/` in a path is one of them, rather than a page, a template or a UUID."""
    return _PAGES.fullmatch(segment) is None or (
        _PAGES.fullmatch(segment) is not None
        and _SLUG.fullmatch(segment) is not None
        and segment.split("-", maxsplit=1)[0] in words("given_names")
    )


_SLUG = re.compile(r"[a-z]+(?:[-_][a-z]+)+")
_NO_HANDLES = frozenset({"id", "not_found", "agent", "input"})


def _is_handle(text: str) -> bool:
    """Say whether it reads like the name somebody chose for an account, rather than a class, a route or a version."""
    is_like_code = re.fullmatch(
        r"[A-Z][a-z]+(?:[A-Z][a-z]+)+|[a-z]+(?:_[a-z]+)*|v?\d[\d.]*|[A-Z_]+|p1_\w+|\d+\w{0,2}", text
    )
    return (
        is_like_code is None
        and text.lower() not in _NO_HANDLES
        and not re.fullmatch(r"[0-9a-f-]{16,}", text)
    )


_CAPITAL = r"[^\W\d_a-z](?:[^\W\d_]|['’.-]){0,30}"
_TAIL = (
    r"(?:,?\s(?i:apt|apartment|suite|ste|unit|flat|floor|fl|room|bldg|#)\.?\s?#?[\w-]{1,8})?"
    rf"(?:,?\s{{1,2}}(?:{_CAPITAL}(?:\s(?:{_CAPITAL}|upon|on|am|an|der|de|la|le)){{0,3}}))?"
    r"(?:,?\s[A-Z]{2,3}(?![\w]))?(?:,?\s(?:[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{2}-\d{3}|\d{4,6}(?:-\d{3,4})?(?:\s[A-Z]{2})?(?![\w])))?"
    rf"(?:,?\s{_CAPITAL}(?:\s{_CAPITAL})?)?"
)
_FUSED = r"(?:stra(?:ß|ss)e|str\.|weg|allee|platz|gasse|ring|damm|ufer|straat|laan|plein|gracht|kade|singel|gatan|vägen|gata|veien|vej|gade|katu|tie)"


def _any(name: str) -> str:
    return "|".join(re.escape(word) for word in sorted(words(name), key=len, reverse=True))


def _hints(name: str) -> tuple[str, ...]:
    """Return of each entry the longest word, which a text has to have for it."""
    return tuple({max(re.findall(r"[^\W\d_]+", entry), key=len) for entry in words(name)})


@cache
def addresses() -> tuple[Rule, ...]:
    """Return the rules for postal addresses; they are made of the word lists."""
    after, before = _any("street_words_after"), _any("street_words_before")
    number = r"\d{1,5}(?:[A-Za-z]{1,3}|\s?[-/]\s?\d{1,4}[A-Za-z]?)?"
    starts = (*_hints("street_words_before"), "al.", "c/", "avda")
    ends = _hints("street_words_after")
    title = rf"{_CAPITAL}|\d{{1,3}}(?:st|nd|rd|th)"
    return (
        Rule(ADDRESS, ends, re.compile(rf"(?<![\w./-]){number},?\s(?:(?:{title})\s){{1,4}}(?i:{after})\b\.?{_TAIL}")),
        Rule(ADDRESS, ("street", "avenue", "road", "lane", "boulevard", "drive"), re.compile(rf"(?<![\w./-]){number}\s(?!bis |ter )(?:[a-z]{{2,20}}\s){{1,3}}(?:street|avenue|road|lane|boulevard|drive|court|close)\b")),
        Rule(ADDRESS, starts, re.compile(rf"(?<![\w./-])(?:(?i:{before})\.?|(?i:al\.|c/|avda\.?))\s(?:(?:de|da|do|di|dei|degli|dal|du|des|del|dell'|della|delle|las|los|la|le|lo|l'|van|der|den|dos|das|św\.)\s?){{0,2}}(?:{title})(?:[\s-](?:de|du|la|{title})){{0,4}}(?:,?\s(?i:n[º°o]?\.?\s?|num\.?\s?|s/)?){number}(?!\w){_TAIL}")),
        Rule(ADDRESS, starts, re.compile(rf"(?<![\w./-]){number},?\s(?:bis\s|ter\s)?(?i:{before})\.?\s(?:(?:de|du|des|d'|del|da|la|le|les|l')\s?){{0,2}}{_CAPITAL}(?:[\s-](?:de|du|la|{_CAPITAL})){{0,4}}{_TAIL}")),
        Rule(ADDRESS, ("straß", "strass", "str", "weg", "allee", "platz", "gasse", "ring", "damm", "ufer", "straat", "laan", "plein", "gracht", "kade", "singel", "gatan", "vägen", "gata", "veien", "vej", "gade", "katu", "tie", "utca", "út", "sok", "cad"), re.compile(rf"(?<!\w)[^\W\d_a-z][\w'’-]{{2,30}}?{_FUSED}\s{number}(?!\w){_TAIL}|(?<!\w)(?:{_CAPITAL}\s){{1,3}}(?:Straße|Strasse|Str\.|Allee|Platz|Weg|utca|út|sokak|Sok\.|Cad\.|Caddesi)\s{number}(?!\w){_TAIL}")),
        Rule(ADDRESS, ("丁目", "番", "路", "号", "町", "区"), re.compile(r"[\u3400-\u9fff]{1,8}(?:都|道|府|県|省|市)[\u3040-\u30ff\u3400-\u9fff\d０-９-]{2,40}?(?:丁目|番地?|号|弄|室)(?:[\d０-９]{1,5}(?:番地?|号|室))?")),
        Rule(ADDRESS, ("box", "postfach", "apartado", "postbus"), re.compile(r"(?i:p\.?\s?o\.?\s?box|postfach|apartado(?: postal)?|postbus|bp)\s#?\d{1,6}")),
        Rule(ADDRESS, (POSTCODE,), re.compile(r"(?<![\w-])[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}(?![\w-])|(?<![\w-])[A-CEGHJ-NPR-TVXY]\d[A-Z]\s\d[A-Z]\d(?![\w-])")),
        Rule(ADDRESS, (POSTCODE,), re.compile(rf"(?<!\w){_CAPITAL}(?:\s{_CAPITAL}){{0,2}},\s[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?(?!\w)")),
        Rule(
            ADDRESS,
            ("live", "living", "resid", "moved", "wohn", "viv", "habit", "abit", "mor", "woon", "domicil", "zamieszk", "demeurant", "bor ", "asuu", "bydl", "bostad", "vit "),
            re.compile(r"(?<![\w/])(?i:lives?|living|resides?|residing|moved(?= to)|wohnt|wohnhaft|vive|vit|habite|abita|mora|woont|residente|domiciliad[oa]|domicilié[e]?|zamieszkał[ya]|demeurant|bor|asuu|bydlí|bostad)\s(?:(?i:at|on|in|to|en|a|à|au|em|na|op|aan|i)\s)?(?P<value>(?=[^\W\d_a-z]|\d{1,5}[A-Za-z]?,?\s[^\W\d_a-z]|[a-z./]{1,5}\s?[^\W\d_a-z])[^\n;()\"\[|]{3,110}?)(?=[.;)\"]?(?:\s(?:and|but|und|y|et)\s|\s[-–|]\s|$|\n|\\|[;)\"\[|]|(?<=\w{4})\.\s))"),
        ),
        Rule(ADDRESS, ("h.no", "house no", "flat ", "door no", "plot no", "sector ", "apt", "wohnung"), re.compile(rf"(?<![\w./-])(?i:h\.?\s?no\.?|house no\.?|flat(?: no\.?)?|door no\.?|plot(?: no\.?)?|apt\.?|apartment)\s?#?\d{{1,5}}[A-Za-z]?(?:[/-]\d{{1,4}})?,\s(?:{_CAPITAL}(?:\s(?:{_CAPITAL}|\d{{1,4}}))*,?\s?){{1,6}}(?:\d{{5,6}})?")),
        Rule(ADDRESS, ("address is", "address was", "adresse ist"), re.compile(r"(?i:(?<!ip )(?<!mail )address|adresse) (?i:is|was|ist) (?P<value>(?=[^\n;]{0,40}\d)(?:\d|[^\W\d_a-z])[^\n;\"]{5,120})")),
    )  # fmt: skip


_SENTENCE = re.compile(r"[^.!?;\n]++[.!?;\n]?")
_EVIDENCE = re.compile(
    r"(?i)\[redacted:(?:name|person-id|email|birth-date|echo)\]|p1_\w{26}|\b(?:he|she|they|his|her|hers|him|their|child|pupil|student|learner|son|daughter|boy|girl|kid|parent|mum|mom|mother|father|dad|sibling"
    r"|has|have|had|diagnos\w+|suffers?|suffering|needs?|takes?|taking|allerg\w+|prescribed|medication|inhaler|treated|treatment|condition|symptoms?|therapy|counsell?ing|sen|send|iep|ehcp|hat|tiene|tem|ha|heeft|souffre|leidet|with|on|under|due to|because of|absent|registered|give[ns]?|administer\w*|dose|nurse|noon|daily|epipen|note|flag\w*|concern\w*)\b"
)
_SURE_EVIDENCE = re.compile(
    r"(?i)\[redacted:(?:name|person-id|email|birth-date|echo)\]|p1_\w{26}|\b(?:he|she|his|her|hers|him|child|pupil|student|learner|son|daughter|boy|girl|kid|parent|mum|mom|mother|father|dad|sibling|nurse"
    r"|diagnos\w+|suffers?|suffering|prescribed|inhaler|sen|iep|ehcp|absent|safeguarding|allergic)\b"
)
_SCORE = re.compile(
    r"(?i:scored|scores|score(?: (?:was|is|of))?|got|gets|received|earned|achieved|obtained|failed with|passed with|graded?|grade (?:of|was|is)|marks?(?: (?:of|was|is))?|gpa(?: (?:of|was|is))?|result(?: (?:was|is|of))?|average(?: (?:of|was|is))?)"
    r"(?:\s|:|=)\s?(?i:only |just |an? |of |at )?(?P<value>\d{1,3}(?:[.,]\d{1,2})?\s?(?:%|percent|points|pts|/\s?\d{1,3}|out of \d{1,3})|(?:grade )?[A-FU][+*-]?(?![\w'’])|[0-5]\.\d{1,2}(?!\d))"
)


_TOKEN = re.compile(r"[^\W_]{2,}")


@cache
def _terms_by_word(name: str) -> dict[str, list[str]]:
    """Return the terms of a list by the longest word of each: who has the word may have the term."""
    terms: dict[str, list[str]] = {}
    for term in words(name):
        terms.setdefault(max(_TOKEN.findall(term), key=len, default=term), []).append(term)
    return terms


@cache
def _term(term: str) -> Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(term)}(?:s|es)?(?!\w)", re.IGNORECASE)


def _terms_in(name: str, sentence: str) -> list[tuple[int, int]]:
    """Return where terms of a list stand in a sentence."""
    known = _terms_by_word(name)
    candidates = {
        term
        for word in _TOKEN.findall(sentence.lower())
        for form in {word, word.rstrip("s")}
        for term in known.get(form, ())
    }
    return sorted(match.span() for term in candidates for match in _term(term).finditer(sentence))


def is_of_health(word: str) -> bool:
    """Say whether a term of health begins with ``word``, singular or plural."""
    return any(
        form in _terms_by_word(name)
        for form in (word, word.rstrip("s"))
        for name in ("health_terms", "health_terms_taught")
    )


def is_of_results(word: str) -> bool:
    """Say whether somebody's result may follow ``word``."""
    return word in _RESULT_WORDS


def without_told(text: str, found: Found, *, is_health: bool, is_results: bool) -> str:
    """Return ``text`` without what its sentences say of somebody's results and health, as ``is_results`` and ``is_health`` say."""
    return _SENTENCE.sub(
        lambda match: _without_told(match[0], found, is_health=is_health, is_results=is_results),
        text,
    )


_RESULT_WORDS = frozenset(
    [
        "scored",
        "scores",
        "score",
        "got",
        "gets",
        "received",
        "earned",
        "achieved",
        "obtained",
        "failed",
        "passed",
        "grade",
        "graded",
        "mark",
        "marks",
        "gpa",
        "result",
        "average",
    ]
)


def _without_told(sentence: str, found: Found, *, is_health: bool, is_results: bool) -> str:
    if is_health and (spans := _terms_in("health_terms", sentence)):
        several = len({sentence[start:end].lower() for start, end in spans}) > 1
        if several or _EVIDENCE.search(sentence):
            sentence = _without_spans(sentence, spans, found)
    if _SURE_EVIDENCE.search(sentence):
        if is_health and (spans := _terms_in("health_terms_taught", sentence)):
            sentence = _without_spans(sentence, spans, found)
        return Rule(RESULT, (), _SCORE).without(sentence, found) if is_results else sentence
    return sentence


_DOSE = re.compile(r"\A\s\d{1,4}(?:[.,]\d{1,2})?\s?(?:mg|ml|mcg|µg|g|puffs?|units?|IE|IU)\b")


def _without_spans(sentence: str, spans: list[tuple[int, int]], found: Found) -> str:
    """Return the sentence without what stands from the first span to the last."""
    if "redacted:" in sentence[spans[0][0] : spans[-1][1]] and len(spans) == 1:
        return sentence
    found(HEALTH)
    return (
        sentence[: spans[0][0]]
        + marker(HEALTH)
        + _DOSE.sub("", sentence[max(end for _, end in spans) :], count=1)
    )
