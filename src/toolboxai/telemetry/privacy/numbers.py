"""Numbers that belong to one person or place: addresses of machines, telephones, cards, identity numbers, coordinates."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from re import Match

from toolboxai.telemetry.privacy import checksums
from toolboxai.telemetry.privacy.keys import BANK, BIRTH, DEVICE, IP, LOCATION, NATIONAL, PHONE
from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.rules import Check, Rule
from toolboxai.telemetry.privacy.sieve import DIGIT, PAIRS, SIX_DIGITS

CARD, IBAN = "card", "iban"

_BEFORE, _AFTER = r"(?<![\w.,@#$€£/\\%-])(?<![A-Za-z]\d)", r"(?![\w@]|[.,:/-]\d)"
_NOT_DIGIT = later(r"\D+")
_DATES = later(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})(?![\d-])|\d{8}[ T]\d{6}|\d{4}-\d{4}(?:-\d{4})?"
)
# Words before a telephone or identity number, with what may stand between.
_CALL = (
    r"(?i:電話(?:番号)?|手机(?:号)?|电话|전화(?:번호)?|телефон|טלפון|phone|tel|telephone|mobile|cell|cellphone|call(?:ed|ing)?|fax|whatsapp|sms|text(?:ed)?|message|dial(?:ed)?|ring|handy|ruf|rufnummer"
    r"|erreichbar|joignable|joindre|contactar|contáctame|llama\w*|ligar|appel\w*|chiam\w*|recapito|telefon\w+|bereikbaar|bel|nummer|zadzwo\w*|puhelin|telefon\w*|tel[eé]fono|m[oó]vil|celular|portable|t[eé]l[eé]phone|cellulare|telefoon|reach\w*|contact\w*|emergency)"
)
_BETWEEN = r"(?:[\s:：.#=\"'(º°-]|[nN](?=[º°])|(?i:no|nr|num|number|numero|número|id|unter|il|lo|dem|den|der|die|recapito|au|al|le|el|op|para|ao|lo|is|was|at|on|to|me|him|her|them|us|mum|dad|home|work|or|by|under)\b){1,24}"
_IDENTITY = (
    r"(?i:ssn|social[ _-]security|nhs|national[ _-]insurance|nino?|passport|pass(?:eport|aporte|aporto)|reisepass\w*|aadha+r|tax[ _-]?(?:id|number|file)|tfn"
    r"|steuer\w*|codice[ _]fiscale|dni|nie|nif|cpf|pesel|bsn|burgerservicenummer|personnummer|personnr|cpr|ahv|avs|rrn|curp|nir|pps\w?|medicare"
    r"|sin|insee|num[eé]ro de s[eé]curit[eé]|driv(?:er|ing)'?s?[ _-]licen[cs]e|licen[cs]e|f[üu]e?hrerschein\w*|permis de conduire|permiso de conducir|patente|rijbewijs|k[öo]rkort|prawo jazdy|licen[cs]e plate|number ?plate|plate|registration|kennzeichen|matr[ií]cula|immatriculation|targa|kenteken|マイナンバー|身份证(?:号)?|주민등록번호|identity|id card|ausweis\w*|national[ _-]id|my ?number|tckn|kimlik|nric|fin)"
)
_VALUE = r"(?=[A-Z0-9 ./-]{0,24}\d{2})[A-Z0-9](?:[ ./-]?[A-Z0-9]){4,19}(?![a-z])"


def _digits(match: Match[str]) -> str:
    return _NOT_DIGIT.sub("", match[0])


def _of(check: Callable[[str], bool]) -> Check:
    return lambda match: check(_digits(match))


def _is_ip(match: Match[str]) -> bool:
    """Say whether it is somebody's address: none of this machine, no mask, no version."""
    text, before = (
        match[0].partition("%")[0],
        match.string[max(0, match.start() - 24) : match.start()],
    )
    if text.startswith(("127.", "0.", "255.")) or text in {"::1", "::"}:
        return False
    if re.search(
        r"(?i)(?:\bv|version\W{0,3}|ver\W{0,2}|release\W{0,2}|build\W{0,2}|[a-z]/|==|>=|<=|~=|@|-)$",
        before,
    ):
        return False
    if "." in text and _is_version(text, before):
        return False
    if ":" in text and not (any(map(str.isdigit, text)) and len(text) > 4 and text.count(":") > 1):
        return False
    try:
        address = ip_address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified)


_BROWSERS = later(
    r"(?i)(?:chrome|chromium|edge|edg|firefox|safari|opera|windows|android|ios|macos|mac os x|linux|webkit|version|build|roblox|studio|headlesschrome|brave|vivaldi|client|app|player)(?:[\s/:v=]|\"|'){1,4}$"
)
_PRODUCT = later(
    r"((?:[A-Z][\w.+-]*[A-Za-z]|lib\w+|nginx|redis|python|node|npm|pip|openssl|postgres\w*|mysql|curl|docker|kernel|glibc|java|jdk|uvicorn))\s$"
)
_NO_PRODUCT = frozenset({"From", "Client", "IP", "Host", "Address", "User", "Peer", "Remote", "Server", "At", "By", "Login", "Request", "For", "To", "Source", "Gateway", "Proxy", "Addr", "Device", "Node", "Unknown", "Blocked"})  # fmt: skip


def _is_version(text: str, before: str) -> bool:
    """Say whether four numbers after a product's name are its version: `PostgreSQL 16.4.0.1`."""
    if _BROWSERS.search(before) and not before.lower().rstrip(" :=").endswith("client"):
        return True
    product = _PRODUCT.search(before)
    return (
        product is not None and product[1] not in _NO_PRODUCT and int(text.partition(".")[0]) <= 30
    )


def _is_phone(match: Match[str]) -> bool:
    digits = _digits(match)
    if not 7 <= len(digits) <= 15 or len(set(digits)) < 3 or _DATES.fullmatch(match[0]):
        return False
    if _COUNTED.match(match.string, match.end()):
        return False
    before = match.string[max(0, match.start() - 12) : match.start()]
    return not re.search(
        r"(?i)(?:order|invoice|ticket|isbn|issn|build|lesson|quiz|ref|sku|port|line|pid|v)\W{0,4}$",
        before,
    )


def _is_national_phone(match: Match[str]) -> bool:
    return 9 <= len(_digits(match)) <= 12 and _is_phone(match)


def _is_called(match: Match[str]) -> bool:
    """Say whether what stands behind "phone" or "call" is a number one can call."""
    return 7 <= len(_NOT_DIGIT.sub("", match["value"])) <= 15 and not _DATES.fullmatch(
        match["value"]
    )


def _is_iban(match: Match[str]) -> bool:
    compact = match[0].replace(" ", "")
    return 15 <= len(compact) <= 34 and checksums.iban(compact)


# Places in a Roblox world, of three numbers.
_IN_A_WORLD = later(
    r"vector|cframe|\bpart\b|block|stud|spawn|terrain|offset|\d,\s?$|size|scale|rotation|matrix|score"
)
_THIRD = later(r"\s?,\s?[-+]?\d")
# What is counted: `0123456789 times`.
_COUNTED = later(r"\s(?:[a-z]{2,14}s|ms|kb|mb|px|percent)\b|\s?%")


def _is_place(match: Match[str]) -> bool:
    latitude, longitude = float(match["lat"]), float(match["lon"])
    before = match.string[max(0, match.start() - 20) : match.start()].lower()
    after = match.string[match.end() : match.end() + 16]
    if _IN_A_WORLD.search(before) or _THIRD.match(after):
        return False
    is_told = re.search(r"lat|lon|lng|loc|gps|geo|coord|pos|place|point|map|@|q=", before)
    is_far = max(abs(latitude), abs(longitude)) >= 10
    return abs(latitude) <= 90 and abs(longitude) <= 180 and (is_far or is_told is not None)


def _has_day(match: Match[str]) -> bool:
    digits = _digits(match)[-10:]
    return checksums.is_short_day(digits[:6]) or checksums.is_short_day(
        digits[4:6] + digits[2:4] + digits[:2]
    )


def _rule(name: str, pattern: str, check: Check | None = None, *, before: str = _BEFORE) -> Rule:
    """Return a rule for numbers told by their form. A group that it refers to has a name that no other has."""
    return Rule(name, (SIX_DIGITS,), later(f"{before}(?:{pattern}){_AFTER}"), check)


# Asked of texts with a colon or a full stop between digits.
ADDRESSES = (
    Rule(
        DEVICE,
        (PAIRS,),
        later(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])"),
    ),
    Rule(DEVICE, (PAIRS,), later(r"(?<![\w.])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![\w.])")),
    Rule(
        IP,
        (PAIRS,),
        later(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4})(?:%\w{1,16})?(?![\w:])"),
        _is_ip,
    ),
    Rule(IP, (PAIRS,), later(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d|-[a-z])"), _is_ip),
)  # fmt: skip
# Asked of all texts.
CUED = (
    Rule(
        NATIONAL,
        (
            "ssn",
            "secur",
            "nhs",
            "insurance",
            "nino",
            "ni ",
            "passport",
            "passe",
            "pasa",
            "reisepass",
            "aadh",
            "tax",
            "tfn",
            "steuer",
            "fiscale",
            "dni",
            "nie",
            "nif",
            "cpf",
            "pesel",
            "bsn",
            "burger",
            "person",
            "cpr",
            "ahv",
            "avs",
            "rrn",
            "curp",
            "nir",
            "pps",
            "medicare",
            "sin ",
            "insee",
            "licen",
            "identity",
            "id card",
            "ausweis",
            "national",
            "number",
            "tckn",
            "kimlik",
            "nric",
            "fin ",
            "hrerschein",
            "permis",
            "patente",
            "rijbewijs",
            "rkort",
            "prawo",
            "plate",
            "registration",
            "kennzeichen",
            "matr",
            "targa",
            "kenteken",
            "マイナンバー",
            "身份证",
            "주민",
        ),
        later(rf"(?<![A-Za-z]){_IDENTITY}{_BETWEEN}(?P<value>{_VALUE})"),
        lambda match: not _DATES.fullmatch(match["value"]),
        needs=(DIGIT,),
    ),
)
# Asked of texts with at least six digits.
NUMBERS = (
    Rule(
        IBAN,
        (SIX_DIGITS,),
        later(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"),
        _is_iban,
    ),
    Rule(
        BANK,
        ("a/c", "acc", "konto", "cuenta", "compte", "conto", "rekening", "sort code", "routing", "iban"),
        later(
            r"(?<![A-Za-z])(?i:a/c|acc(?:oun)?t|bank account|kontonummer|konto|cuenta|compte|conto|rekening\w*|sort code|routing)(?:[\s:.#=\"'(]|(?i:no|nr|num|number|numero|número|is|was|n°|nº)\b){1,16}(?P<value>\d(?:[ -]?\d){5,17})(?!\w)"
        ),
        needs=(SIX_DIGITS,),
    ),
    Rule(
        PHONE,
        ("電話", "手机", "电话", "전화", "телефон", "טלפון", "phone", "tel", "mobile", "cell", "call", "fax", "whatsapp", "sms", "text", "message", "dial", "ring", "handy", "ruf",
         "erreichbar", "joignable", "joindre", "contact", "contáctame", "llama", "ligar", "appel", "chiam", "recapito", "bereikbaar", "bel", "nummer", "zadzwo",
         "puhelin", "tél", "móvil", "movil", "portable", "reach", "emergency"),
        later(rf"(?<![A-Za-z])(?:{_CALL}){_BETWEEN}(?P<value>\+?\(?\+?\d(?:[ ()./-]{{0,3}}\d){{6,14}}){_AFTER}"),
        _is_called,
        needs=(SIX_DIGITS,),
    ),
    Rule(DEVICE, ("imei",), later(r"(?i:imei)\W{0,4}(?P<value>\d(?:[ -]?\d){13,15})")),
    Rule(
        LOCATION,
        (".",),
        later(
            r"(?<![\w.])(?P<lat>[-+]?\d{1,2}\.\d{4,})\s?°?\s?[NS]?\s{0,2}[,;/ ]\s{0,2}(?:(?:lon|lng|longitude)\W{1,3})?(?P<lon>[-+]?\d{1,3}\.\d{4,})\s?°?\s?[EWO]?(?![\w.])"
        ),
        _is_place,
        needs=(SIX_DIGITS,),
    ),
    Rule(LOCATION, ("°",), later(r"\d{1,3}\s?°\s?\d{1,2}(?:\.\d+)?\s?['′’](?:\s?\d{1,2}(?:\.\d{1,6})?\s?[\"″”])?\s?[NSEWO]\b")),
)  # fmt: skip
# Asked of texts with at least six digits in which one of them begins.
FORMS = (
    _rule(DEVICE, r"\d{2}-\d{6}-\d{6}-\d", _of(checksums.luhn)),
    _rule(NATIONAL, r"\d{3}[- ]\d{2}[- ]\d{4}", _of(checksums.ssn)),
    _rule(CARD, r"\d{4}(?P<a>[ -])\d{4}(?P=a)\d{4}(?P=a)\d{1,7}|3\d{3}(?P<b>[ -])\d{6}(?P=b)\d{4,5}|\d{13,19}", _of(checksums.card)),
    _rule(NATIONAL, r"\d{3}\.\d{3}\.\d{3}-\d{2}", _of(checksums.cpf)),
    _rule(NATIONAL, r"756\.\d{4}\.\d{4}\.\d{2}", _of(checksums.ahv)),
    _rule(NATIONAL, r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", _of(checksums.belgian)),
    _rule(NATIONAL, r"\d{4}(?P<c>[ -])\d{4}(?P=c)\d{4}", _of(checksums.verhoeff)),
    _rule(NATIONAL, r"\d{3}(?P<d>[ -])\d{3}(?P=d)\d{4}", _of(checksums.nhs)),
    _rule(NATIONAL, r"\d{3}(?P<e>[ -])\d{3}(?P=e)\d{3}", _of(checksums.luhn)),
    _rule(NATIONAL, r"[12] ?\d{2} ?\d{2} ?\d{2} ?\d{3} ?\d{3} ?\d{2}", _of(checksums.nir)),
    _rule(NATIONAL, r"\d{2} \d{3} \d{3} \d{3}", _of(checksums.steuer_id)),
    _rule(NATIONAL, r"\d{17}[\dXx]", lambda match: checksums.chinese(match[0])),
    _rule(NATIONAL, r"\d{6}-[1-8]\d{6}|(?:19|20)?\d{6}[-+]\d{4}|\d{6}[-+A]\d{3}[0-9A-Y]", _has_day),
    _rule(NATIONAL, r"\d{8}-?[A-Z]|[XYZ]-?\d{7}-?[A-Z]", lambda match: checksums.dni(match[0].replace("-", ""))),
    _rule(NATIONAL, r"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"),
    _rule(NATIONAL, r"[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]|[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]"),
    _rule(NATIONAL, r"[A-Z]{4}\d{6}[HM][A-Z]{5}[\dA-Z]\d|[STFG]\d{7}[A-Z]"),
    _rule(PHONE, r"(?:\+|\(\+)\d(?:[ ().\u00a0/-]{0,3}\d){6,14}", _is_phone, before=r"(?<![\w+])"),
    _rule(PHONE, r"00[1-9]\d(?:[ .-]?\d){7,12}", _is_phone),
    _rule(PHONE, r"\(0?\d{2,5}\)[ -]{0,2}\d{2,5}(?:[ .-]?\d{2,5}){1,3}", _is_phone, before=r"(?<![\w.])"),
    _rule(PHONE, r"(?:1[ .-])?[2-9]\d{2}(?P<f>[ .-])\d{3}(?P=f)\d{4}", _is_phone),
    _rule(PHONE, r"555-01\d{2}", None),
    _rule(PHONE, r"0[1-9]\d{0,4}[ ./-]{1,3}\d{2,8}(?:[ ./-]\d{2,5}){0,4}|0[1-9]\d{8,9}", _is_national_phone),
    _rule(PHONE, r"[5-9]\d{2} \d{3} \d{3}|[5-9]\d{2}(?:[ -]\d{2}){3}|[6-9]\d{4}[ -]\d{5}|[89]\d \d{3} \d{2} \d{2}|\d{2} 9\d{4}-\d{4}", _is_phone),
    _rule(PHONE, r"8[ -]\(?\d{3}\)?[ -]\d{3}[ -]\d{2}[ -]\d{2}|1[3-9]\d(?P<g>[ -])\d{4}(?P=g)\d{4}", _is_phone),
)  # fmt: skip
_USUAL = [one.pattern.pattern for one in FORMS if one.pattern.pattern.startswith(_BEFORE)]
_OTHERS = [one.pattern.pattern for one in FORMS if not one.pattern.pattern.startswith(_BEFORE)]
# One look for any of them: where there is none, none needs to be asked.
ANY_FORM = later(
    rf"(?=[A-Z\d(+])(?:{_BEFORE}(?:{'|'.join(form.removeprefix(_BEFORE) for form in _USUAL)})|{'|'.join(_OTHERS)})"
)

_BORN = (
    r"(?i:dob|d\.o\.b\.?|born|birth[ _-]?da(?:te|y)|date of birth|birth|geb(?:oren|\.|urtstag|urtsdatum)?|geboren|n[eé]e?|naissance|nacid[oa]|nacimiento"
    r"|生年月日|出生日期|생년월일|fecha de nac\w*|narozen\w*|szül\w*|do[ğg]um tarihi|d[ao]ta di nascita|nat[oa]|nascid[oa]|nascita|nascimento|fødselsdato|född|syntynyt|ur\.|urodzon\w*)"
)
_MONTH = r"(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|ene|abr|ago|dic|fév|fev|avr|juin|juil|août|déc|gen|mag|giu|lug|set|ott)[^\W\d_]{0,9}\.?"
_DAY = (
    rf"\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{1,2}}[-/. ]{{1,2}}\d{{1,2}}[-/. ]{{1,2}}(?:\d{{4}}|\d{{2}})|\d{{1,2}}(?:st|nd|rd|th|\.|er)?(?: of| de)?[ -]{_MONTH}(?: de)?,?[ -]\d{{2,4}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|\d{{4}}年\d{{1,2}}月\d{{1,2}}日|\d{{8}}|(?:datetime\.)?date\(\d{{4}}, ?\d{{1,2}}, ?\d{{1,2}}\)"
)
BIRTHS = (
    Rule(
        BIRTH,
        ("dob", "d.o.b", "born", "birth", "geb", "née", "nee", "né ", "naci", "nato", "nata", "nasc", "nait", "naiss", "född", "føds", "ur.", "urodz", "synt", "生", "出生", "생년", "naroz", "szül", "ğum", "gum ", "d.o.b"),
        later(rf"(?<![^\W_]){_BORN}(?:[\s:：=(\"',-]|(?i:on|the|in|am|le|el|il|em|is|was|of|at|den|op|de|dne|dnia|ist|est|es|era|:)\b){{1,16}}(?P<value>{_DAY})(?!\d)"),
        needs=(DIGIT,),
    ),
)  # fmt: skip
