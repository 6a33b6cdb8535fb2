"""Postal addresses in free text, as several countries write them."""

from functools import cache

from toolboxai.telemetry.privacy.alternatives import any_of
from toolboxai.telemetry.privacy.keys import ADDRESS
from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.rules import Rule
from toolboxai.telemetry.privacy.sieve import DIGIT, POSTCODE
from toolboxai.telemetry.privacy.vocabulary import words

_CAPITAL = r"[^\W\d_a-z](?:[^\W\d_]|['’.-]){0,30}"
_TAIL = (
    r"(?:,?\s(?i:apt|apartment|suite|ste|unit|flat|floor|fl|room|bldg|#)\.?\s?#?[\w-]{1,8})?"
    rf"(?:,?\s{{1,2}}(?:{_CAPITAL}(?:\s(?:{_CAPITAL}|upon|on|am|an|der|de|la|le)){{0,3}}))?"
    r"(?:,?\s[A-Z]{2,3}(?![\w]))?(?:,?\s(?:[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{2}-\d{3}|\d{4,6}(?:-\d{3,4})?(?:\s[A-Z]{2})?(?![\w])))?"
    rf"(?:,?\s{_CAPITAL}(?:\s{_CAPITAL})?)?"
)
_WORD = later(r"[^\W\d_]+")
_FUSED = r"(?:stra(?:ß|ss)e|str\.|weg|allee|platz|gasse|ring|damm|ufer|straat|laan|plein|gracht|kade|singel|gatan|vägen|gata|veien|vej|gade|katu|tie)"


def _hints(name: str) -> tuple[str, ...]:
    """Return of each entry the longest word, which a text has to have for it."""
    longest = {max(_WORD.findall(entry), key=len) for entry in words(name)}
    return tuple(f"^{word}$" for word in longest)


@cache
def addresses() -> tuple[Rule, ...]:
    """Return the rules for postal addresses; they are made of the word lists."""
    after = any_of(words("street_words_after"), in_any_case=True)
    before = any_of(words("street_words_before"), in_any_case=True)
    number = r"\d{1,5}(?:[A-Za-z]{1,3}|\s?[-/]\s?\d{1,4}[A-Za-z]?)?"
    starts = (*_hints("street_words_before"), "al.", "c/", "avda")
    ends = _hints("street_words_after")
    title = rf"{_CAPITAL}|\d{{1,3}}(?:st|nd|rd|th)"
    return (
        Rule(ADDRESS, ends, later(rf"(?<![\w./-]){number},?\s(?:(?:{title})\s){{1,4}}{after}\b\.?{_TAIL}"), needs=(DIGIT,)),
        Rule(ADDRESS, ("^street$", "^avenue$", "^road$", "^lane$", "^boulevard$", "^drive$"), later(rf"(?<![\w./-]){number}\s(?!bis |ter )(?:[a-z]{{2,20}}\s){{1,3}}(?:street|avenue|road|lane|boulevard|drive|court|close)\b"), needs=(DIGIT,)),
        Rule(ADDRESS, starts, later(rf"(?<![\w./-])(?:{before}\.?|(?i:al\.|c/|avda\.?))\s(?:(?:de|da|do|di|dei|degli|dal|du|des|del|dell'|della|delle|las|los|la|le|lo|l'|van|der|den|dos|das|św\.)\s?){{0,2}}(?:{title})(?:[\s-](?:de|du|la|{title})){{0,4}}(?:,?\s(?i:n[º°o]?\.?\s?|num\.?\s?|s/)?){number}(?!\w){_TAIL}"), needs=(DIGIT,)),
        Rule(ADDRESS, starts, later(rf"(?<![\w./-]){number},?\s(?:bis\s|ter\s)?{before}\.?\s(?:(?:de|du|des|d'|del|da|la|le|les|l')\s?){{0,2}}{_CAPITAL}(?:[\s-](?:de|du|la|{_CAPITAL})){{0,4}}{_TAIL}"), needs=(DIGIT,)),
        Rule(ADDRESS, ("straß", "strass", "str", "weg", "allee", "platz", "gasse", "ring", "damm", "ufer", "straat", "laan", "plein", "gracht", "kade", "singel", "gatan", "vägen", "gata", "veien", "vej", "gade", "katu", "tie", "utca", "út", "sok", "cad"), later(rf"(?<!\w)[^\W\d_a-z][\w'’-]{{2,30}}?{_FUSED}\s{number}(?!\w){_TAIL}|(?<!\w)(?:{_CAPITAL}\s){{1,3}}(?:Straße|Strasse|Str\.|Allee|Platz|Weg|utca|út|sokak|Sok\.|Cad\.|Caddesi)\s{number}(?!\w){_TAIL}"), needs=(DIGIT,)),
        Rule(ADDRESS, ("丁目", "番", "路", "号", "町", "区"), later(r"[\u3400-\u9fff]{1,8}(?:都|道|府|県|省|市)[\u3040-\u30ff\u3400-\u9fff\d０-９-]{2,40}?(?:丁目|番地?|号|弄|室)(?:[\d０-９]{1,5}(?:番地?|号|室))?")),
        Rule(ADDRESS, ("box", "postfach", "apartado", "postbus"), later(r"(?i:p\.?\s?o\.?\s?box|postfach|apartado(?: postal)?|postbus|bp)\s#?\d{1,6}"), needs=(DIGIT,)),
        Rule(ADDRESS, (POSTCODE,), later(r"(?<![\w-])[A-PR-UWYZ][A-HK-Y]?\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}(?![\w-])|(?<![\w-])[A-CEGHJ-NPR-TVXY]\d[A-Z]\s\d[A-Z]\d(?![\w-])")),
        Rule(ADDRESS, (POSTCODE,), later(rf"(?<!\w){_CAPITAL}(?:\s{_CAPITAL}){{0,2}},\s[A-Z]{{2}}\s\d{{5}}(?:-\d{{4}})?(?!\w)")),
        Rule(
            ADDRESS,
            ("live", "living", "resid", "moved", "wohn", "viv", "habit", "abit", "mor", "woon", "domicil", "zamieszk", "demeurant", "bor ", "asuu", "bydl", "bostad", "vit "),
            later(r"(?<![\w/])(?i:lives?|living|resides?|residing|moved(?= to)|wohnt|wohnhaft|vive|vit|habite|abita|mora|woont|residente|domiciliad[oa]|domicilié[e]?|zamieszkał[ya]|demeurant|bor|asuu|bydlí|bostad)\s(?:(?i:at|on|in|to|en|a|à|au|em|na|op|aan|i)\s)?(?P<value>(?=[^\W\d_a-z]|\d{1,5}[A-Za-z]?,?\s[^\W\d_a-z]|[a-z./]{1,5}\s?[^\W\d_a-z])[^\n;()\"\[|]{3,110}?)(?=[.;)\"]?(?:\s(?:and|but|und|y|et)\s|\s[-–|]\s|$|\n|\\|[;)\"\[|]|(?<=\w{4})\.\s))"),
        ),
        Rule(ADDRESS, ("h.no", "house no", "flat ", "door no", "plot no", "sector ", "apt", "wohnung"), later(rf"(?<![\w./-])(?i:h\.?\s?no\.?|house no\.?|flat(?: no\.?)?|door no\.?|plot(?: no\.?)?|apt\.?|apartment)\s?#?\d{{1,5}}[A-Za-z]?(?:[/-]\d{{1,4}})?,\s(?:{_CAPITAL}(?:\s(?:{_CAPITAL}|\d{{1,4}}))*,?\s?){{1,6}}(?:\d{{5,6}})?"), needs=(DIGIT,)),
        Rule(ADDRESS, ("address is", "address was", "adresse ist"), later(r"(?i:(?<!ip )(?<!mail )address|adresse) (?i:is|was|ist) (?P<value>(?=[^\n;]{0,40}\d)(?:\d|[^\W\d_a-z])[^\n;\"]{5,120})")),
    )  # fmt: skip
