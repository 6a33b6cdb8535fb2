"""Secrets: what opens something. Made at random, in the forms that their issuers document."""

import base64
import json
from random import Random

from benchmarks.privacy.kinds import ALNUM, BASE32, HEX, URLSAFE, Class, Kind, Sample, pick

_REFUSED = (
    "Upstream answered 401, the request carried {}",
    "rotating {} failed: 403 Forbidden",
    "Retrying in 2.5 s with {} after 429 Too Many Requests",
    "invalid credential {} supplied by worker 3",
    "client configured with {} for region eu-west-1",
)
_WORDS = ("Sunflower", "Tigers", "maths", "Dragon", "pancake", "Winter", "rocket", "purple")
_MARKS = ("!", "#", "$", "@", "&", "%", "*", "'", '"', ";", "+")


def _token(
    name: str, prefix: str, length: int, *keys: str, alphabet: str = ALNUM, suffix: str = ""
) -> Kind:
    """Return the kind of a provider's key that its prefix gives away."""

    def make(random: Random) -> Sample:
        body = pick(random, alphabet, length) + suffix
        return Sample(prefix + body, (body,))

    return Kind(
        name=name,
        klass=Class.SECRET,
        make=make,
        keys=keys or ("api_key", "apiKey", "X-Api-Key", "credential"),
        sentences=_REFUSED,
        is_distinctive=True,
    )


def _known_by_key(
    name: str, length: int, *keys: str, alphabet: str = ALNUM, cue: str = "{key} is {{}}"
) -> Kind:
    """Return the kind of a key that looks like nothing: only what stands before it tells."""
    told = tuple(cue.format(key=key) for key in keys)
    return Kind(
        name=name,
        klass=Class.SECRET,
        make=lambda random: pick(random, alphabet, length),
        keys=keys,
        sentences=(*told, *(f"{key}={{}} was not accepted" for key in keys)),
    )


def _password(random: Random) -> str:
    if random.random() < 0.2:
        return pick(random, ALNUM, 10) + random.choice(_MARKS) + pick(random, ALNUM, 3)
    words = "".join(random.sample(_WORDS, 2))
    return f"{words}{random.choice(_MARKS)}{random.randint(100, 9999)}"


def _plain_password(random: Random) -> str:
    return f"{random.choice(_WORDS)}{pick(random, ALNUM, 8)}"


def _jwt(random: Random) -> Sample:
    def part(content: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    claims = part({"sub": pick(random, HEX, 24), "exp": 1795461855, "scope": "lessons:write"})
    signature = pick(random, URLSAFE, 43)
    header = part({"alg": random.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"})
    return Sample(f"{header}.{claims}.{signature}", (claims, signature))


def _bearer(random: Random) -> Sample:
    token = pick(random, URLSAFE, random.choice([32, 43, 64]))
    return Sample(f"Bearer {token}", (token,))


def _basic(random: Random) -> Sample:
    password = _plain_password(random)
    pair = f"sync-{pick(random, HEX, 4)}:{password}"
    encoded = base64.b64encode(pair.encode()).decode()
    return Sample(f"Basic {encoded}", (encoded, password))


def _cookie(random: Random) -> Sample:
    session = pick(random, URLSAFE, 32)
    return Sample(f"session={session}; theme=dark; Path=/", (session,))


def _roblox_cookie(random: Random) -> Sample:
    warning = "_|WARNING:-DO-NOT-SHARE-THIS.--Sharing-this-will-allow-someone-to-log-in-as-you.|_"
    body = pick(random, HEX.upper(), 200)
    return Sample(warning + body, (body, body[100:]))


def _pem(kind: str) -> Kind:
    def make(random: Random) -> Sample:
        lines = tuple(pick(random, ALNUM + "+/", 64) for _ in range(6))
        text = "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"))
        return Sample(text, lines)

    return Kind(
        name=f"pem {kind.lower()}",
        klass=Class.SECRET,
        make=make,
        keys=("private_key", "signing_key", "SSH_KEY", "pem"),
        sentences=("could not parse key {}", "signing with {} failed", "Invalid PEM: {}"),
        is_distinctive=True,
        unnatural=frozenset({"header line", "environment line", "quoted"}),
    )


def _url(name: str, scheme: str, host: str, *keys: str) -> Kind:
    def make(random: Random) -> Sample:
        password = pick(random, URLSAFE, 18)
        user = random.choice(["app", "toolboxai", "svc_lessons", ""])
        return Sample(f"{scheme}://{user or 'admin'}:{password}@{host}", (password,))

    return Kind(
        name=name,
        klass=Class.SECRET,
        make=make,
        keys=keys,
        sentences=("connecting to {} timed out", "could not reach {}: refused", "using {}"),
        is_distinctive=True,
    )


def _webhook(name: str, prefix: str, shape: tuple[int, ...], *, separator: str = "/") -> Kind:
    def make(random: Random) -> Sample:
        parts = [pick(random, ALNUM, length) for length in shape]
        return Sample(prefix + separator.join(parts), (parts[-1],))

    return Kind(
        name=name,
        klass=Class.SECRET,
        make=make,
        keys=("webhook_url", "WEBHOOK", "notify_url", "alerts_hook"),
        sentences=("POST {} answered 404", "alert could not be delivered to {}", "hook {} is gone"),
        is_distinctive=True,
    )


def _signed_url(random: Random) -> Sample:
    signature = pick(random, HEX, 64)
    url = "https://lesson-assets.s3.eu-west-1.amazonaws.com/terrain/island.rbxm"
    return Sample(f"{url}?X-Amz-Expires=900&X-Amz-Signature={signature}", (signature,))


def _shared_access(random: Random) -> Sample:
    signature = pick(random, ALNUM, 43)
    url = "https://lessons.blob.core.windows.net/quiz/export.json"
    return Sample(f"{url}?sv=2024-11-04&sp=r&sig={signature}%3D", (signature,))


def _azure_storage(random: Random) -> Sample:
    key = pick(random, ALNUM + "+/", 86) + "=="
    return Sample(
        f"DefaultEndpointsProtocol=https;AccountName=lessons;AccountKey={key};"
        "EndpointSuffix=core.windows.net",
        (key,),
    )


def _reset_link(random: Random) -> Sample:
    token = pick(random, URLSAFE, 40)
    return Sample(f"https://school.example.org/reset-password?token={token}", (token,))


def _hash(random: Random) -> Sample:
    if random.random() < 0.5:
        body = pick(random, ALNUM + "./", 53)
        return Sample(f"$2b$12${body}", (body,))
    body = pick(random, ALNUM + "+/", 43)
    return Sample(f"$argon2id$v=19$m=65536,t=3,p=4${pick(random, ALNUM, 22)}${body}", (body,))


def _other(name: str, make: object, keys: tuple[str, ...], sentences: tuple[str, ...]) -> Kind:
    assert callable(make)
    return Kind(
        name=name,
        klass=Class.SECRET,
        make=make,
        keys=keys,
        sentences=sentences,
        is_distinctive=True,
    )


_PASSWORD_KEYS = ("password", "passwd", "userPassword", "new_password", "pwd", "DB_PASSWORD")
_PASSWORD_SENTENCES = (
    "login failed, password: {}",
    "password={}",
    'Authentication failed: password "{}" does not match',
    "the temporary password is {}",
)

SECRETS: tuple[Kind, ...] = (
    _token("openai key", "sk-", 48, "openai_api_key", "OPENAI_API_KEY", "api_key"),
    _token("openai project key", "sk-proj-", 100, "openai_api_key", "apiKey", alphabet=URLSAFE),
    _token(
        "anthropic key", "sk-ant-api03-", 93, "anthropic_api_key", alphabet=URLSAFE, suffix="AA"
    ),
    _token("google api key", "AIzaSy", 33, "google_api_key", "GEMINI_KEY", alphabet=URLSAFE),
    _token("google oauth token", "ya29.a0", 120, "access_token", alphabet=URLSAFE),
    _token("google client secret", "GOCSPX-", 28, "client_secret", alphabet=URLSAFE),
    _token("aws access key id", "AKIA", 16, "aws_access_key_id", alphabet=BASE32),
    _token("aws temporary key id", "ASIA", 16, "AWS_ACCESS_KEY_ID", alphabet=BASE32),
    _known_by_key(
        "aws secret key", 40, "aws_secret_access_key", "secretAccessKey", alphabet=ALNUM + "+/"
    ),
    _other(
        "azure storage connection",
        _azure_storage,
        ("AZURE_STORAGE_CONNECTION_STRING", "connection_string"),
        ("could not open {}", "storage client got {}"),
    ),
    _other("azure shared access url", _shared_access, ("export_url", "sas"), ("GET {} timed out",)),
    _known_by_key("azure client secret", 40, "client_secret", "AZURE_CLIENT_SECRET"),
    _token("github token", "ghp_", 36, "github_token", "GH_TOKEN"),
    _token("github app token", "ghs_", 36, "token", "installation_token"),
    _token("github fine-grained token", "github_pat_", 82, "GITHUB_TOKEN", alphabet=ALNUM + "_"),
    _token("gitlab token", "glpat-", 20, "gitlab_token", "PRIVATE-TOKEN", alphabet=URLSAFE),
    _token("slack bot token", "xoxb-2048512345678-3071234567890-", 24, "slack_token"),
    _webhook("slack webhook", "https://hooks.slack.com/services/", (9, 11, 24)),
    _webhook("discord webhook", "https://discord.com/api/webhooks/118273645546372819/", (68,)),
    _webhook("teams webhook", "https://school.webhook.office.com/webhookb2/", (32, 36)),
    _token("stripe secret key", "sk_live_", 24, "stripe_key", "STRIPE_SECRET"),
    _token("stripe restricted key", "rk_live_", 24, "stripe_key"),
    _token("stripe webhook secret", "whsec_", 32, "endpoint_secret", "signing_secret"),
    _token("twilio key", "SK", 32, "twilio_api_key", "TWILIO_API_KEY", alphabet=HEX),
    _known_by_key("twilio auth token", 32, "twilio_auth_token", "authToken", alphabet=HEX),
    _token("sendgrid key", "SG.", 66, "SENDGRID_API_KEY", alphabet=URLSAFE),
    _token("mailgun key", "key-", 32, "mailgun_api_key", alphabet=HEX),
    _token("npm token", "npm_", 36, "NPM_TOKEN", "_authToken"),
    _token("pypi token", "pypi-AgEIcHlwaS5vcmc", 120, "TWINE_PASSWORD", alphabet=URLSAFE),
    _token("hugging face token", "hf_", 34, "HF_TOKEN", "hf_token"),
    _token("groq key", "gsk_", 52, "GROQ_API_KEY"),
    _known_by_key("mistral key", 32, "mistral_api_key", "MISTRAL_API_KEY"),
    _token("databricks token", "dapi", 32, "databricks_token", alphabet=HEX),
    _token("digitalocean token", "dop_v1_", 64, "DO_TOKEN", alphabet=HEX),
    _token("shopify token", "shpat_", 32, "shopify_token", alphabet=HEX),
    _token("vault token", "hvs.", 90, "VAULT_TOKEN", alphabet=URLSAFE),
    _token("docker token", "dckr_pat_", 27, "DOCKER_PASSWORD", alphabet=URLSAFE),
    _token("linear key", "lin_api_", 40, "linear_api_key"),
    _token("telegram bot token", "7204518236:AA", 33, "bot_token", alphabet=URLSAFE),
    _token("sentry token", "sntryu_", 64, "SENTRY_AUTH_TOKEN", alphabet=HEX),
    _token("canvas token", "1738~", 64, "canvas_token", "lms_token"),
    _known_by_key("lti secret", 32, "lti_shared_secret", "consumer_secret", "ltiSecret"),
    _known_by_key("roblox open cloud key", 120, "roblox_api_key", "x-api-key", alphabet=ALNUM),
    _other(
        "roblox cookie", _roblox_cookie, (".ROBLOSECURITY", "roblosecurity", "cookie"), _REFUSED
    ),
    _other(
        "jwt", _jwt, ("access_token", "id_token", "jwt", "x-plugin-token", "assertion"), _REFUSED
    ),
    _other(
        "bearer token",
        _bearer,
        ("Authorization", "authorization", "auth_header"),
        ("sent Authorization: {}", "header authorization was {}"),
    ),
    _other(
        "basic auth",
        _basic,
        ("Authorization", "Proxy-Authorization"),
        ("sent Authorization: {}", "upstream refused {}"),
    ),
    _other(
        "session cookie",
        _cookie,
        ("Cookie", "Set-Cookie", "cookie"),
        ("request had Cookie: {}", "Set-Cookie: {} was rejected"),
    ),
    _known_by_key("session id", 32, "session_id", "sessionid", "PHPSESSID", "sid", alphabet=HEX),
    _known_by_key("csrf token", 64, "csrf_token", "csrfmiddlewaretoken", "X-CSRF-Token"),
    _known_by_key("refresh token", 43, "refresh_token", "refreshToken", alphabet=URLSAFE),
    _pem("RSA PRIVATE KEY"),
    _pem("OPENSSH PRIVATE KEY"),
    _pem("PGP PRIVATE KEY BLOCK"),
    _url("postgres url", "postgresql+asyncpg", "db.internal:5432/lessons", "DATABASE_URL", "dsn"),
    _url("mysql url", "mysql+pymysql", "10.2.0.7:3306/school", "db_url", "SQLALCHEMY_URI"),
    _url("mongodb url", "mongodb+srv", "cluster0.x1y2z.mongodb.net/quiz", "MONGO_URL"),
    _url("redis url", "rediss", "cache.internal:6380/0", "REDIS_URL", "broker"),
    _url("amqp url", "amqp", "mq.internal:5672/%2Flessons", "BROKER_URL", "celery_broker"),
    _url("smtp url", "smtp", "mail.example.org:587", "EMAIL_URL", "mailer"),
    _url("url with login", "https", "lms.example.org/api/v1/courses", "endpoint", "url"),
    _other("signed storage url", _signed_url, ("asset_url", "download"), ("GET {} answered 403",)),
    _other(
        "reset link",
        _reset_link,
        ("reset_url", "link"),
        ("mail with {} bounced", "redirecting to {}"),
    ),
    _other(
        "password hash",
        _hash,
        ("password_hash", "hashed_password", "digest"),
        ("stored hash {} has an unknown scheme", "verify({}) failed"),
    ),
    Kind(
        name="password",
        klass=Class.SECRET,
        make=_password,
        keys=_PASSWORD_KEYS,
        sentences=_PASSWORD_SENTENCES,
    ),
    Kind(
        name="plain password",
        klass=Class.SECRET,
        make=_plain_password,
        keys=(*_PASSWORD_KEYS, "passphrase", "secret"),
        sentences=_PASSWORD_SENTENCES,
    ),
    _known_by_key("one-time secret", 32, "totp_secret", "otp_seed", alphabet=BASE32),
)
