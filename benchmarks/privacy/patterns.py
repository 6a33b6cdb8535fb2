"""Personal data that its form gives away: addresses on networks, numbers with check digits, places on the globe."""

import base64
import ipaddress
from collections.abc import Callable
from random import Random

from benchmarks.privacy.checksums import (
    bsn,
    codice_fiscale,
    cpf,
    dni,
    iban,
    luhn,
    nhs,
    nir,
    pesel,
    sin,
    steuer_id,
    verhoeff,
)
from benchmarks.privacy.kinds import ALNUM, HEX, Class, Kind, Sample, pick, with_rest

_DIGITS = "0123456789"
_LOCALS = ("amara.okafor", "j_hollis", "lena-marie.vogt", "t.nguyen", "ms.delaney", "kofi")
_DOMAINS = ("lincoln-high.k12.ca.us", "stmarys.sch.uk", "gmail.com", "gs-ost.schule.de", "mail.ru")
_UNICODE_LOCALS = ("józef.wiśniewski", "zoë.müller", "用户七", "иван.петров", "señora.muñoz")
_UNICODE_DOMAINS = ("bücher-schule.de", "例え.jp", "пример.рф", "colegio-español.es")


def _numbered(random: Random, local: str) -> str:
    return f"{local}{random.randint(100, 99999)}"


def _email(random: Random) -> Sample:
    local = _numbered(random, random.choice(_LOCALS))
    address = f"{local}@{random.choice(_DOMAINS)}"
    return Sample(address.upper() if random.random() < 0.1 else address, (local,))


def _email_plus(random: Random) -> Sample:
    local = _numbered(random, random.choice(_LOCALS))
    return Sample(f"{local}+parents2026@{random.choice(_DOMAINS)}", (local,))


def _email_unicode(random: Random) -> Sample:
    local = _numbered(random, random.choice(_UNICODE_LOCALS))
    return Sample(f"{local}@{random.choice((*_UNICODE_DOMAINS, *_DOMAINS))}", (local,))


def _email_spoken(random: Random) -> Sample:
    local = _numbered(random, random.choice(_LOCALS))
    host, _, rest = random.choice(_DOMAINS[1:4]).partition(".")
    at, dot = random.choice(((" at ", " dot "), (" [at] ", " [dot] "), ("(at)", "(dot)")))
    value = f"{local}{at}{host}{dot}{rest.replace('.', dot)}"
    return Sample(value, (f"{local}{at}{host}",))


def _filled(*shapes: str) -> Callable[[Random], Sample]:
    """Return a maker of numbers: ``#`` is any digit, ``N`` one from 2 to 9. The last five characters tell as well."""

    def make(random: Random) -> Sample:
        shape = random.choice(shapes)
        drawn = {"#": _DIGITS, "N": _DIGITS[2:]}
        value = "".join(random.choice(drawn[c]) if c in drawn else c for c in shape)
        return with_rest(value, value[-7:])

    return make


_PHONES = {
    "us": (
        "(N##) N##-####",
        "N##-N##-####",
        "+1 N##-N##-####",
        "+1 (N##) N##-####",
        "N##.N##.####",
    ),
    "uk": ("07### ######", "+44 7### ######", "020 7### ####", "(0113) ### ####", "+447#########"),
    "german": ("+49 151 ########", "0171 #######", "030 / ########", "+49 (0)89 ######"),
    "french": ("06 ## ## ## ##", "+33 6 ## ## ## ##", "01.##.##.##.##"),
    "indian": ("+91 98### #####", "098### #####", "+91-99########"),
    "brazilian": ("(11) 9####-####", "+55 21 9####-####"),
    "nigerian": ("+234 803 ### ####", "0803 ### ####"),
    "japanese": ("090-####-####", "+81 90-####-####", "03-####-####"),
    "australian": ("04## ### ###", "+61 4## ### ###", "(02) 9### ####"),
    "mexican": ("+52 55 #### ####", "+52 1 33 #### ####"),
    "polish": ("+48 5## ### ###", "+48 22 ### ## ##"),
    "e.164": ("+4915########", "+8613#########", "+2547########", "+97150#######", "+6591######"),
}
_CALL = ("call the guardian on {}", "phone: {}", "SMS to {} failed", "Tel. {} is not reachable")


def _phone(country: str, shapes: tuple[str, ...]) -> Kind:
    return _kind(
        f"phone {country}",
        _filled(*shapes),
        ("phone", "mobile", "phoneNumber", "guardian_phone", "tel"),
        _CALL,
        is_distinctive=country == "e.164",
    )


def _kind(
    name: str,
    make: Callable[[Random], str | Sample],
    keys: tuple[str, ...],
    sentences: tuple[str, ...],
    *,
    is_distinctive: bool = False,
) -> Kind:
    return Kind(
        name=name,
        klass=Class.PATTERN,
        make=make,
        keys=keys,
        sentences=sentences,
        is_distinctive=is_distinctive,
    )


def _ipv4(random: Random) -> str:
    return str(ipaddress.IPv4Address(random.randint(0x20000000, 0x7EFFFFFF)))


def _ipv6(random: Random) -> str:
    address = ipaddress.IPv6Address(0x2A02_8109 << 96 | random.getrandbits(96))
    shortened = ipaddress.IPv6Address(int(address) & ~(0xFFFF_FFFF_FFFF << 32))
    return random.choice((address, shortened)).compressed


def _card(prefix: str, length: int, groups: tuple[int, ...]) -> Callable[[Random], Sample]:
    def make(random: Random) -> Sample:
        body = prefix + pick(random, _DIGITS, length - len(prefix) - 1)
        number = luhn(body)
        separator = random.choice(("", " ", "-"))
        parts, start = [], 0
        for size in groups:
            parts.append(number[start : start + size])
            start += size
        value = separator.join(parts)
        return with_rest(value, value[-9:])

    return make


def _ssn(random: Random) -> Sample:
    area = random.choice((random.randint(1, 665), random.randint(667, 899)))
    value = f"{area:03}-{random.randint(1, 99):02}-{random.randint(1, 9999):04}"
    return with_rest(value, value[4:])


def _nino(random: Random) -> str:
    body = pick(random, _DIGITS, 6)
    prefix = random.choice(("AB", "CE", "JK", "SY", "PM"))
    if random.random() < 0.5:
        return f"{prefix}{body}{random.choice('ABCD')}"
    return f"{prefix} {body[:2]} {body[2:4]} {body[4:]} {random.choice('ABCD')}"


def _mac(random: Random) -> str:
    octets = [pick(random, HEX, 2) for _ in range(6)]
    return random.choice((":".join(octets), "-".join(octets).upper()))


def _device_id(random: Random) -> str:
    raw = pick(random, HEX, 32)
    return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-a{raw[17:20]}-{raw[20:]}"


def _coordinates(random: Random) -> Sample:
    latitude = f"{random.uniform(35, 60):.6f}"
    longitude = f"{random.uniform(-120, 30):.6f}"
    return Sample(f"{latitude}, {longitude}", (latitude, longitude))


def _encoded_email(random: Random) -> Sample:
    sample = _email(random)
    encoded = base64.b64encode(f"login:{sample.value}".encode()).decode()
    return Sample(encoded, sample.tells)


_ID_CUES = ("{cue} {{}}", "{cue}: {{}}", "{cue} {{}} is already registered")


def _national(name: str, make: Callable[[Random], str], cue: str, *keys: str) -> Kind:
    return _kind(name, make, keys, tuple(each.format(cue=cue) for each in _ID_CUES))


_MAIL_KEYS = ("email", "e_mail", "userEmail", "contact_email", "parent_email", "to")
_MAIL = ("no account for {}", "could not deliver to {}: mailbox full", "{} has already signed up")
_CARD_KEYS = ("card_number", "cardNumber", "pan", "payment")
_CARD = ("card {} was declined", "charging {} failed", "payment with {} needs a second factor")

PATTERNS: tuple[Kind, ...] = (
    _kind("e-mail", _email, _MAIL_KEYS, _MAIL, is_distinctive=True),
    _kind("e-mail with tag", _email_plus, _MAIL_KEYS, _MAIL, is_distinctive=True),
    _kind("e-mail in unicode", _email_unicode, _MAIL_KEYS, _MAIL, is_distinctive=True),
    _kind("e-mail spelled out", _email_spoken, _MAIL_KEYS, ("write to {}", "mail me: {} please")),
    _kind("e-mail in base64", _encoded_email, ("state", "hint"), ("login hint {} is stale",)),
    *(_phone(country, shapes) for country, shapes in _PHONES.items()),
    _kind(
        "ipv4",
        _ipv4,
        ("ip", "client_ip", "remote_addr", "X-Forwarded-For"),
        ("connection from {} closed", "client {}:51234 timed out", "rate limit hit by {}"),
        is_distinctive=True,
    ),
    _kind(
        "ipv6",
        _ipv6,
        ("ip", "client_ip", "remoteAddress"),
        ("connection from {} closed", "peer [{}]:443 reset"),
        is_distinctive=True,
    ),
    _kind("card visa", _card("4", 16, (4, 4, 4, 4)), _CARD_KEYS, _CARD, is_distinctive=True),
    _kind("card mastercard", _card("53", 16, (4, 4, 4, 4)), _CARD_KEYS, _CARD, is_distinctive=True),
    _kind("card amex", _card("37", 15, (4, 6, 5)), _CARD_KEYS, _CARD, is_distinctive=True),
    _kind(
        "iban", iban, ("iban", "account", "bankAccount"), ("refund to {} failed", "IBAN {} invalid")
    ),
    _kind("us ssn", _ssn, ("ssn", "social_security_number"), ("SSN {} on file", "ssn {} rejected")),
    _national("uk nino", _nino, "National Insurance number", "nino", "ni_number"),
    _national("uk nhs number", nhs, "NHS number", "nhs_number", "nhsNumber"),
    _national("canadian sin", sin, "Social Insurance Number", "sin", "social_insurance_number"),
    _national("brazilian cpf", cpf, "CPF", "cpf", "guardian_cpf"),
    _national("indian aadhaar", verhoeff, "Aadhaar", "aadhaar", "aadhaar_number"),
    _national("spanish dni", dni, "DNI", "dni", "nif"),
    _national("italian codice fiscale", codice_fiscale, "codice fiscale", "codice_fiscale", "cf"),
    _national("french nir", nir, "numéro de sécurité sociale", "nir", "numero_secu"),
    _national("german tax id", steuer_id, "Steuer-ID", "steuer_id", "tax_id"),
    _national("dutch bsn", bsn, "BSN", "bsn", "burgerservicenummer"),
    _national("polish pesel", pesel, "PESEL", "pesel", "pesel_number"),
    _kind("mac address", _mac, ("mac", "device_mac"), ("device {} joined", "no lease for {}")),
    _national("imei", lambda r: luhn("35" + pick(r, _DIGITS, 12)), "IMEI", "imei", "device_imei"),
    _national("device id", _device_id, "advertising id", "device_id", "advertisingId", "idfa"),
    _national("android id", lambda r: pick(r, HEX, 16), "Android ID", "android_id", "deviceId"),
    _national("serial number", lambda r: "C02" + pick(r, ALNUM.upper(), 9), "serial", "serial_no"),
    _kind(
        "coordinates",
        _coordinates,
        ("location", "coordinates", "latlng", "geo"),
        ("last seen at {}", "geofence left at {}", "location {} is outside of school"),
    ),
)
