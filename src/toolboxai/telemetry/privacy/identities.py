"""What tells one person from others in free text: ids, handles, cards, devices and folders with a name."""

import re

from toolboxai.telemetry.privacy.alternatives import any_of
from toolboxai.telemetry.privacy.echoes import ECHO
from toolboxai.telemetry.privacy.keys import DEVICE, IDENTITY, NAME
from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.markers import marker
from toolboxai.telemetry.privacy.names import is_no_name
from toolboxai.telemetry.privacy.rules import Rule
from toolboxai.telemetry.privacy.sieve import DIGIT
from toolboxai.telemetry.privacy.vocabulary import words

_IS_ID = r"(?:id|i\.d\.|no\.?|nr\.?|number|num|ref(?:erence)?|code|identifier|uid|uuid|upn|#|userid|user[ _-]?id|account[ _-]?id|matric\w*|ident)"
_ID = r"(?=[\w-]{0,40}\d)[A-Za-z0-9][\w-]{0,63}(?:/\d{2,8})?"
_LONG_ID = r"(?=(?:[A-Za-z_-]{0,4}\d){4})(?![\w]{8}-[\w]{4}-)(?!\d{4}-\d\d)[A-Za-z0-9][\w-]{3,40}"
_HANDLE = r"(?=[A-Za-z_.]*(?:\d|_|[a-z][A-Z]|[a-z]\.[a-z]))[A-Za-z0-9_][\w.]{2,31}"
_SOMEBODY_HINTS = (
    "student", "pupil", "learner", "child", "parent", "guardian", "teacher", "user", "account", "roblox", "player",
    "candidate", "member", "customer", "employee", "staff", "schüler", "alumno", "alumna", "élève", "estudiante", "person", "profile",
    "guest", "tutor", "mother", "father", "mum", "dad",
)  # fmt: skip
_SOMEBODY = any_of((*_SOMEBODY_HINTS, "schülerin"), in_any_case=True)
_WHOSE = (
    rf"(?<![^\W_]){_SOMEBODY}(?:['’]s|s)?[ _-]?(?:(?i:user|account|player|profile|school)[ _-]?)?"
)
_DEVICES = "iphone|ipad|ipod|macbook|imac|chromebook|galaxy|pixel|laptop|notebook|tablet|phone|handy|watch|airpods|surface|computer|xbox|playstation|switch|android|desktop|thinkpad|echo"
_ACCOUNTS = frozenset({"app", "appuser", "public", "shared", "default", "deploy", "ubuntu", "runner", "root", "user", "node", "vscode", "admin", "circleci", "ec2-user", "me", "www-data", "git", "toolboxai", "vagrant", "jenkins", "build", "ci", "site", "web", "python", "search", "import", "export", "profile", "new", "login", "users", "all", "list"})  # fmt: skip
IDENTITIES = (
    Rule(
        IDENTITY,
        _SOMEBODY_HINTS,
        later(rf"{_WHOSE}(?i:(?<=\s)(?:with|has|have|having|whose|for|by)\s(?:the\s)?)?(?i:{_IS_ID})[\s:=#(\"'`@]{{1,4}}(?:(?i:is|was|of|=)\s)?(?P<value>{_ID})(?!\w|\.\d)"),
        needs=(DIGIT,),
    ),
    Rule(
        IDENTITY,
        _SOMEBODY_HINTS,
        later(rf"{_WHOSE}[\s:=#(\"'`]{{1,4}}(?P<value>{_LONG_ID})(?!\w|\.\d)"),
        needs=(DIGIT,),
    ),
    Rule(
        IDENTITY,
        ("upn", "admission", "enrolment", "enrollment", "matric", "roll", "candidate", "sis", "lunch", "library card", "badge"),
        later(
            r"(?<![^\W_])(?i:upn|admissions?|enrol?lment|matric\w*|roll|candidate|sis|lunch|library card|badge)(?:[ _-](?i:id|no\.?|number|pin|code))?[\s:=#]{1,3}(?:is )?"
            rf"(?P<value>{_LONG_ID})(?!\w)"
        ),
        needs=(DIGIT,),
    ),
    Rule(
        DEVICE,
        ("serial", "device", "android", "advertising", "hardware", "idfa", "gaid", "udid", "installation"),
        later(
            r"(?<![^\W_])(?i:android|device|advertising|hardware|installation|serial|udid|idfa|gaid)(?:[ _-]?(?i:id|identifier|number|no\.?|#|serial|uuid)){0,2}(?:[\s:=#\"'(]|\b(?i:is|was)\b){1,6}"
            r"(?P<value>(?=[\w-]*\d)(?=[\w-]{6})[A-Za-z0-9][\w-]{5,63})(?!\w)"
        ),
        needs=(DIGIT,),
    ),
    Rule(
        IDENTITY,
        ("personal", "schüler", "matri", "matrí", "mitarbeiter", "kunden", "leerling", "elev", "alumno", "élève", "learner", "staff", "employee", "payroll", "expediente", "student", "étudiant", "uczni", "学籍", "学号", "学生"),
        later(
            r"(?<![^\W_])(?i:personal|schüler|matrikel|mitarbeiter|kunden|leerling|elev|alumno|élève|learner|staff|employee|payroll|expediente|matrícula|matricule|numéro d'élève|student|étudiant|studenten|uczni\w*|学籍|学号|学生)"
            r"[ -]?(?i:nummer|nr\.?|number|numero|número|numéro|no\.?|id|ref|番号)?[\s:：=#]{1,3}(?:is |ist )?(?P<value>(?=[\w-]*\d)(?:[A-Za-z]{1,5}[-_]?)?\d[\w/-]{3,24})(?![\w])"
        ),
    ),
    Rule(
        NAME,
        ("account", "user", "player", "profile", "login", "handle", "username"),
        later(r"(?i:account|user(?:name)?|player|profile|login|handle|konto|compte|cuenta|conta)\s[\"'`“](?P<value>[^\W\d_][\w.-]{2,31})[\"'`”]"),
        lambda match: re.search(r"\d|_|\.", match["value"]) is not None and _is_handle(match["value"]),
    ),
    Rule(
        NAME,
        tuple(_DEVICES.split("|")),
        later(rf"(?<!\w)(?P<value>[^\W\d_a-z][\w-]{{1,30}}(?:\s[^\W\d_a-z][\w-]{{1,30}})?)['’]s?\s(?i:{_DEVICES})(?!\w)"),
        lambda match: match["value"][:1].isupper(),
    ),
    Rule(
        NAME,
        tuple(_DEVICES.split("|")),
        later(rf"(?<!\w)(?i:{_DEVICES})(?:\s[A-Z0-9]\w{{0,8}}){{0,2}}\s(?:von|de|di|van|of|av|till|od|do|d['’])\s?(?P<value>[^\W\d_a-z][\w-]{{1,30}}(?:\s[^\W\d_a-z][\w-]{{1,30}})?)"),
    ),
    Rule(
        NAME,
        ("avatar", "ingame", "in-game", "ign", "blox", "kick", "banned", "teleport", "playing as", "plays as", "builder"),
        later(
            r"(?<![^\W_])(?i:avatar|in-?game(?: name)?|ign|roblox(?:ian)?|blox\w*|kick(?:ed)?|banned|teleport(?:ed|ing)?|(?:playing|plays|joined) as|builder)"
            rf"(?:\s|:\s?|\sis\s)[\"'`@]?(?P<value>(?=\w*[\d_]){_HANDLE})(?![\w(/]|\.\w)"
        ),
        lambda match: _is_handle(match["value"]),
    ),
    Rule(
        NAME,
        ("players.",),
        later(r"(?<=Players\.)(?P<value>\w{3,20})(?=\.(?:Player|Character|Backpack|leaderstats))"),
        lambda match: match["value"] not in {"LocalPlayer", "PlayerAdded"},
    ),
    Rule(  # a player's body stands in the world under the player's name
        NAME,
        ("workspace.",),
        later(r"(?<=[Ww]orkspace\.)(?P<value>\w{3,20})(?=\.(?:Humanoid|Head\b|\w{0,10}Torso|Animate\b)|:(?:WaitForChild|FindFirstChild)\([\"'](?:Humanoid|Head|\w{0,10}Torso))"),
    ),
    Rule(
        NAME,
        ("様", "さん", "君"),
        later(r"(?<![\u3400-\u9fff])(?P<value>[\u3400-\u9fff\u3040-\u30ff]{2,8}?)(?=様|さん)"),
        lambda match: match["value"] not in {"皆", "お客", "みな"},
    ),
    Rule(
        NAME,
        ("joined", "left", "entered"),
        later(rf"(?<![\w./@-])(?P<value>(?=\w*[\d_]){_HANDLE})\s(?:has\s)?(?:joined|left|entered)\s(?:the\s)?(?:game|server|place|world|experience|lobby)"),
        lambda match: _is_handle(match["value"]),
    ),
    Rule(
        NAME,
        ("我叫", "我是", "名前は", "尊敬的", "学生", "生徒", "同学", "老师", "先生", "이름은", "저는", "학생"),
        later(
            r"(?:我叫|我是|名前は|尊敬的|学生|生徒|老师|이름은|저는|학생)\s?(?![不没未無无数名列会會証证号課课が의])(?P<value>[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]{2,6}?)(?=です|さん|くん|ちゃん|様|先生|同学|家长|老师|님|입니다|이|은|는|が|は|[^\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]|\Z)"
        ),
    ),
    Rule(
        NAME,
        (" as ", "behalf", " als ", "tant que", "como ", "come "),
        later(
            r"(?i:(?:signed|logged|log) ?in as|logged on as|authenticated as|impersonat\w+|acting as|known as|on behalf of|registered as|angemeldet als|eingeloggt als|connecté en tant que|conectad[oa] como|sesión como|accesso come)"
            r"\s[\"'“`@]?(?P<value>[^\W\d_][\w.-]{2,31})(?!\w)"
        ),
        lambda match: _is_handle(match["value"].rstrip(".")),
    ),
    Rule(
        NAME,
        ("benutzer", "utilisat", "usuari", "utente", "gebruiker", "användar", "uživatel", "użytkownik", "пользовател", "käyttäjä", "felhasznál", "kullanıcı", "ユーザー", "用户", "사용자"),
        later(
            r"(?<![^\W_])(?i:benutzer(?:in|name)?|utilisat(?:eur|rice)|usuari[oa]|utente|gebruiker(?:snaam)?|användare?|uživatele?|użytkownika?|пользователь|käyttäjä|felhasználó|kullanıcı|ユーザー|用户|사용자)"
            r"[\s:\"'„«`(]{1,3}(?P<value>(?=[\w.-]*[\d_.])[^\W\d_][\w.-]{2,31})(?!\w)"
        ),
        lambda match: _is_handle(match["value"].rstrip(".")),
    ),
    Rule(
        NAME,
        ("famil",),
        later(r"(?<!\w)(?:(?i:the)\s(?P<value>[^\W\d_a-z][\w'’-]{1,40})\s(?i:family|household|twins|siblings))(?!\w)"),
        lambda match: not is_no_name(match["value"].lower()),
    ),
    Rule(
        NAME,
        ("famil",),
        later(r"(?<!\w)(?i:familie|famille|familia|famiglia|família|rodzina)\s(?P<value>[^\W\d_a-z][\w'’-]{1,40})(?!\w)"),
        lambda match: not is_no_name(match["value"].lower()),
    ),
    Rule(
        IDENTITY,
        ("card",),
        later(r"(?i:library|lunch|student|bus|canteen)[ -](?i:card|pass)(?:[ _-](?i:id|no\.?|number))?[\s:=#]{1,3}(?:is )?(?P<value>(?=[A-Z0-9-]{5})(?:[A-Z]{2,4}[A-Z0-9-]*\d|\d)[A-Z0-9-]*|[A-Z]{8,16})(?!\w)"),
    ),
    Rule(
        NAME,
        ("username", "user name", "login", "handle", "gamertag", "screen name", "account name", "roblox", "nickname", "player", "user"),
        later(
            r"(?<![^\W_])(?i:username|user name|login name|login|handle|gamertag|screen ?name|account name|roblox (?:user(?:name)?|player|name|display name|account)|nickname|display name|player|user)"
            rf"(?:[\s:=\"'`(@]{{1,4}}|(?i: is | was ))(?P<value>{_HANDLE})(?![\w(/]|\.\w)"
        ),
        lambda match: _is_handle(match["value"]),
    ),
    Rule(
        NAME,
        ("insta", "snap", "tiktok", "discord", "twitter", "handle", "whatsapp", "telegram", "youtube", "twitch", "gamertag"),
        later(
            r"(?<![^\W_])(?i:insta(?:gram)?|snap(?:chat)?|tiktok|discord|twitter|social|handle|telegram|youtube|twitch|gamertag|psn|xbox)(?:\s(?i:handle|name|user(?:name)?|id|account|tag))?"
            r"(?:[\s:=(\"']|\b(?i:is|ist|es|est|as|me|on)\b){1,10}(?P<value>@\w[\w.]{2,31}|[\w.]{2,31}#\d{4}|(?=[\w.]*[\d_])[A-Za-z]\w[\w.]{2,31})(?!\w)"
        ),
    ),
    Rule(NAME, ("@",), later(r"(?<![\w@./])(?P<value>@(?=[A-Za-z_]{2,24}\d)[A-Za-z]\w{3,30})(?![\w./(])")),
    Rule(
        IDENTITY,
        tuple(f"/{who}" for who in ("user", "student", "pupil", "player", "parent", "teacher", "profile", "member", "account", "people", "child", "learner", "guardian", "staff", "u/")),
        later(
            r"(?<=/)(?i:users?|students?|pupils?|players?|parents?|teachers?|profiles?|members?|accounts?|people|child(?:ren)?|learners?|guardians?|staff|u)/(?P<value>[^/?#\s\"'{}<>\[\]:,;)]{1,64}(?:\s[^\W\d_a-z][^\W_]{1,30}(?=[ /]|\Z)){0,3})(?=[/?#\s\"',;)]|\Z)"
        ),
        lambda match: _is_somebodys(match["value"]),
    ),
    Rule(NAME, (" @",), later(r"(?i:user|by|from|to|cc|for|with|player)\s@(?P<value>[A-Za-z]\w{2,30})(?![\w./])")),
)  # fmt: skip
# Whose machine it was, in the path of a file.
HOMES = (
    Rule(NAME, ("/home/", "/users/", "\\users\\"), later(r"(?:/home/|/Users/|[\\/]Users[\\/]{1,2})(?P<value>[^/\\\s:\"'<>*?{}]{1,64})(?=[/\\])"), lambda match: match["value"].lower() not in _ACCOUNTS),
)  # fmt: skip
# Without one of these there is nothing to ask the rules behind names for.
WHO_WAS_TAKEN = (marker(NAME), marker(ECHO))
AFTER_NAMES = (
    Rule(
        IDENTITY,
        WHO_WAS_TAKEN,
        later(
            rf"\[redacted:(?:name|echo)\][\s,(]{{1,3}}(?:(?i:{_IS_ID})[\s:#=]{{1,3}}(?:is )?(?P<value>{_ID})(?!\w|\.\d))"
        ),
    ),
    Rule(
        IDENTITY,
        WHO_WAS_TAKEN,
        later(
            rf"\[redacted:(?:name|echo)\][\s]{{0,2}}[(,#/|-]\s?#?(?P<value>{_LONG_ID})(?!\w|\.\d)"
        ),
    ),
)
_PAGES = later(r"[a-z]+(?:[-_][a-z]+)*|v\d+|:\w+|%s|\*|p1_\w+|[0-9a-f]{8}-[0-9a-f-]{27}")


def _is_somebodys(segment: str) -> bool:
    """Say whether what follows `/students/` in a path is one of them, rather than a page, a template or a UUID."""
    return _PAGES.fullmatch(segment) is None or (
        _PAGES.fullmatch(segment) is not None
        and _SLUG.fullmatch(segment) is not None
        and segment.split("-", maxsplit=1)[0] in words("given_names")
    )


_SLUG = later(r"[a-z]+(?:[-_][a-z]+)+")
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
