"""Secrets that can be told by their own form: keys, tokens, credentials in addresses."""

from math import log2
from operator import ne
from re import Match

from toolboxai.telemetry.privacy.later import later
from toolboxai.telemetry.privacy.rules import Rule
from toolboxai.telemetry.privacy.sieve import LONG_RUN

_START = r"(?<![A-Za-z0-9])"
# How providers begin their keys, and what follows.
_PROVIDERS = {
    ("sk-",): r"sk-[\w-]{16,}+",
    ("k_live_", "k_test_", "k_prod_"): r"[srpw]k_(?:live|test|prod)_\w{10,}+",
    ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"): r"gh[pousr]_\w{20,}+",
    ("github_pat",): r"github_pat_\w{20,}+",
    ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glimt-", "glsoat-", "gloas-"): r"gl[a-z]{2,5}-[\w.-]{16,}+",
    ("xox",): r"xox[abceoprs]-[\w-]{8,}+",
    ("xapp-",): r"xapp-\d-[\w-]{8,}+",
    ("akia", "asia", "aroa", "aida"): r"A(?:KIA|SIA|ROA|IDA)[0-9A-Z]{12,}+",
    ("aiza",): r"AIza[\w-]{30,}+",
    ("ya29",): r"ya29\.[\w-]{20,}+",
    ("gocspx",): r"GOCSPX-[\w-]{16,}+",
    ("1//0",): r"1//0[\w-]{20,}+",
    ("sg.",): r"SG\.[\w-]{16,}+(?:\.[\w-]{16,}+)?",
    ("npm_",): r"npm_\w{30,}+",
    ("pypi-",): r"pypi-[\w-]{20,}+",
    ("hf_", "api_org_"): r"(?:hf|api_org)_\w{20,}+",
    ("sntry",): r"sntry[a-z]_[\w=+/.-]{20,}+",
    ("gsk_", "xai-", "pplx-", "nvapi-", "fw_", "r8_"): r"(?:gsk_|xai-|pplx-|nvapi-|fw_|r8_)[\w-]{16,}+",
    ("whsec_",): r"whsec_[\w+/=-]{16,}+",
    ("_v1_",): r"do[opr]_v1_\w{32,}+",
    ("shpat", "shpca", "shppa", "shpss"): r"shp(?:at|ca|pa|ss)_\w{16,}+",
    ("dapi",): r"dapi[0-9a-f]{32}(?:-\d)?",
    ("hvs.", "hvb.", "hvr."): r"hv[sbr]\.[\w-]{20,}+",
    ("atlasv1",): r"[\w-]{14}\.atlasv1\.[\w-]{40,}+",
    ("lin_",): r"lin_(?:api|oauth)_\w{20,}+",
    ("figd_", "secret_", "ntn_"): r"(?:figd|secret|ntn)_[\w-]{20,}+",
    ("pscale_",): r"pscale_(?:tkn|oauth|pw)_[\w.=-]{16,}+",
    ("key-",): r"key-[0-9a-f]{32}",
    ("sq0",): r"sq0[a-z]{3}-[\w-]{20,}+",
    ("lsv2_",): r"lsv2_(?:pt|sk)_\w{20,}+",
    ("phc_", "phx_", "rubygems_", "vercel_"): r"(?:ph[cx]|rubygems|vercel)_\w{20,}+",
    ("dckr_pat",): r"dckr_pat_[\w-]{20,}+",
    ("glsa_", "glc_"): r"gl(?:sa|c)_[\w=+/]{20,}+",
    ("nrak",): r"NRAK-[A-Z0-9]{20,}+",
    ("age-secret",): r"AGE-SECRET-KEY-1[0-9A-Z]{50,}+",
    ("dp.",): r"dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{20,}+",
    ("pat-",): r"pat-(?:na|eu)\d-[0-9a-f-]{36}",
    ("sbp_", "sb_"): r"sb(?:p|_secret|_publishable)_\w{20,}+",
    ("tskey-",): r"tskey-\w{1,16}-[\w-]{16,}+",
    ("re_",): r"re_[A-Za-z0-9]{6,12}_[A-Za-z0-9]{16,}+",
    ("rbx", "rblx"): r"(?:rbx|rblx)[_-][\w-]{16,}+",
}  # fmt: skip
# Those that begin like any word; none is shorter than this.
_UNHINTED = r"(?:AC|SK)[0-9a-f]{32}(?![0-9a-f])|[0-9a-f]{32}-us\d{1,2}|\d{8,10}:AA[\w-]{32,}+|[MNO][A-Za-z\d][\w-]{22,26}\.[\w-]{6}\.[\w-]{27,}+"
MIN_UNHINTED_CHARS = 32
_TOKEN = later(
    r"(?<![\w+/~-])(?=[A-Za-z0-9+/_~-]{32})(?=[A-Za-z+/_~-]{0,80}+\d)(?=[a-z0-9+/_~-]{0,80}+[A-Z])(?=[A-Z0-9+/_~-]{0,80}+[a-z])"
    r"[A-Za-z0-9+/_~-]{32,}+={0,2}(?![\w+/=])"
)
_ENTROPY = 4.0
# How often letters and digits of one kind are followed by another: by chance three times in five, in words one in three.
_CHANGES = 0.42
# Of each character whether it is a digit, a capital, a small letter or a sign.
_KINDS = "".join(
    str(char.isdigit() + 2 * char.isupper() + 4 * char.islower()) for char in map(chr, range(128))
)
MAX_RANDOM_CHARS = 256
# What characters that are there so often add to the order of a text: by it the entropy is less than of as many different ones.
_WEIGHTS = [0.0, *(many * log2(many) for many in range(1, MAX_RANDOM_CHARS + 1))]
_HEX = later(r"[0-9a-f-]+|[0-9A-F-]+")


def _is_random(match: Match[str]) -> bool:
    """Say whether a run of letters and digits is drawn by chance: a key, rather than names, a path or a hash in hex."""
    text = match[0].rstrip("=")
    if (
        len(text) > MAX_RANDOM_CHARS
        or _HEX.fullmatch(text)
        or text.count("/") > len(text) // 10 + 1
    ):
        return False
    before = match.string[max(0, match.start() - 8) : match.start()].lower()
    if before.endswith(
        ("sha256-", "sha384-", "sha512-", "sha1-", "base64,", "sha256:", "md5:", "md5-")
    ):
        return False
    if text.lower().startswith(("sha256-", "sha384-", "sha512-")):
        return False
    kinds = text.translate(_KINDS)
    if sum(map(ne, kinds, kinds[1:])) < _CHANGES * len(text):
        return False
    weight = sum([_WEIGHTS[text.count(char)] for char in set(text)])
    return log2(len(text)) - weight / len(text) >= _ENTROPY


CREDENTIALS = (
    Rule(
        "private-key",
        ("-----begin",),
        later(
            r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|MESSAGE)[A-Z0-9 ]{0,10}-----"
            r"[\s\S]*?(?:-----END [A-Z0-9 ]{0,50}-----|\Z)"
        ),
    ),
    Rule("jwt", ("eyj",), later(r"(?<![A-Za-z0-9-])eyJ[\w-]{6,}+\.[\w-]{4,}+(?:\.[\w-]*+){0,3}")),
    Rule(
        "auth-header",
        ("bearer", "basic", "digest", "negotiate", "apikey", "ntlm"),
        later(
            r"\b(?i:bearer|basic|digest|negotiate|ntlm|apikey)(?:\s|%20|\+){1,8}(?![=:]|[a-z_]{1,24}=[^=])"
            r"(?=[\w.~+/=%-]{0,64}[A-Z\d=._~+/])[\w.~+/=%|-]{6,}+"
        ),
    ),
    Rule(
        "roblox-cookie",
        ("_|warning", "do-not-share-this"),
        later(r"_?\|?(?:%7C)?WARNING:?(?:%3A)?-DO-NOT-SHARE-THIS[^\s\"';,<>]*+(?:\|_[0-9A-Fa-f]++)?"),
    ),
    Rule(
        "provider-token",
        tuple(hint for hints in _PROVIDERS for hint in hints),
        later(f"{_START}(?:{'|'.join(_PROVIDERS.values())})"),
    ),
    Rule(
        "password-hash",
        ("$2", "$argon2", "pbkdf2", "$scrypt", "$5$", "$6$", "$1$", "$y$", "{ssha", "scrypt:"),
        later(
            r"\$(?:2[abxy]?|argon2(?:id|i|d)|pbkdf2[\w-]*|scrypt|[156y]|bcrypt-sha256)\$[\w$,=./+-]{16,}+|pbkdf2_sha\d+\$[\w$=./+-]{16,}+"
            r"|(?:pbkdf2|scrypt):[\w:]{3,40}\$[\w$./+=]{16,}+|\{SSHA\d*\}[\w+/=]{16,}+"
        ),
    ),
    Rule(
        "webhook",
        ("hooks.slack", "discord", "webhook", "hooks.zapier", "logic.azure", "chat.googleapis"),
        later(
            r"(?<=://)(?:hooks\.slack\.com/(?:services|workflows|triggers)/|(?:\w{1,8}\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/"
            r"|[\w.-]{1,64}webhook\.office\.com/|hooks\.zapier\.com/hooks/|chat\.googleapis\.com/v1/spaces/"
            r"|[\w.-]{1,64}\.logic\.azure\.com/|[\w.-]{1,64}/webhooks?/(?=[\w-]*\d))[^\s\"'<>\\]++"
        ),
    ),
    Rule(
        "url-credentials",
        ("://",),
        later(r"(?<=://)[^\s/:\"'<>@]{0,512}:[^\s/\"'<>]{1,8192}(?=@)|(?<=://)[^\s/:\"'<>@?#]{8,512}(?=@)"),
        needs=("@",),
    ),
    Rule("basic-auth", (" -u ", "--user "), later(r"(?<=\s-u )[^\s:]{1,256}:\S++|(?<=--user )[^\s:]{1,256}:\S++")),
    Rule(
        "azure-signature",
        ("sig=",),
        later(r"(?<=[?&;]sig=)[\w%+/=-]{8,}+"),
    ),
)  # fmt: skip
# Only for texts of at least ``MIN_UNHINTED_CHARS``.
LONG_KEYS = (
    Rule("provider-token", (LONG_RUN,), later(f"{_START}(?:{_UNHINTED})")),
    Rule("random-key", (LONG_RUN,), _TOKEN, _is_random),
)
