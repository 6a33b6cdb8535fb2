"""Every kind of error that the server's addresses can produce: how it is made to happen, and what is told of it.

``told`` is what has to arrive in the monitor, an event each; with none the kind is by design a refusal, and no event.
``counted`` is the refusal's name among telemetry's counts, where it has one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.cli.processes import wait_until
from tests.e2e.living_school import Answer, LivingSchool
from tests.server.fake_llm import ASKED, FakeLlm, changed, object_to_it
from tests.server.plugins import WHO
from toolboxai.server.models import Role

Happen = Callable[[LivingSchool], Answer]
ORDERS = "/api/v1/generations"
MAKE = "/generate_content"
SIGN_IN = "/auth/token"
KILOBYTE = 1024


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an event says."""

    what: str
    level: str = "error"
    # None: nothing was raised.
    handled: bool | None = True
    transaction: str
    # A role, "unknown" for a name that nobody has, "someone" for who is known by the token alone.
    user: str | None = None
    band: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    contexts: frozenset[str] = frozenset()
    fingerprint: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of error."""

    name: str
    happen: Happen
    status: int
    problem: str = ""
    told: tuple[Told, ...] = ()
    counted: str = ""


def model_failed(code: str, what: str, task: str = "plan", **tags: str) -> Told:
    """Return what is told of a model that did not write."""
    about = {"subject": "science", "grade_band": "3-5", "agent_task": task, "role": "teacher"}
    return Told(
        what=f"ModelFailedError: llm failed at generate: {what}",
        transaction=MAKE,
        user="teacher",
        tags={**about, "agent_model": "school-model", **tags},
        contexts=frozenset({"education", "agent"}),
        fingerprint=("dependency", "llm", code),
    )


def failed_sign_in(reason: str, user: str | None, transaction: str = SIGN_IN) -> Told:
    """Return what is told of somebody who did not get in."""
    return Told(
        what=f"authentication failed: {reason}",
        level="warning",
        handled=None,
        transaction=transaction,
        user=user,
        tags={"security": "authentication", "reason": reason},
        fingerprint=("security", "authentication"),
    )


def make(school: LivingSchool, who: Role | str | None = Role.TEACHER, **more: object) -> Answer:
    """Ask for a lesson that nobody has asked for."""
    seed = uuid4().int % 10_000
    return school.ask("POST", MAKE, who=who, json={**ASKED, "seed": seed, **more})


@contextmanager
def model_that(school: LivingSchool, misbehave: Callable[[FakeLlm], None]) -> Iterator[None]:
    """Let the model misbehave in the block, and write well once more after it: its circuit stays closed."""
    misbehave(school.llm)
    try:
        yield
    finally:
        school.llm.always = None
        school.llm.says.clear()
        school.llm.hangs = False
        school.llm.released.set()
        about, school.asking_about = school.asking_about, "a good lesson"
        assert make(school).status == 201
        school.asking_about = about


def with_model(misbehave: Callable[[FakeLlm], None]) -> Happen:
    """Return what asks for a lesson of such a model."""

    def happen(school: LivingSchool) -> Answer:
        school.llm.released.clear()
        with model_that(school, misbehave):
            return make(school)

    return happen


def always(answer: int | bytes) -> Happen:
    """Return what asks for a lesson of a model that answers nothing else."""
    return with_model(lambda llm: setattr(llm, "always", answer))


def hang(llm: FakeLlm) -> None:
    """Don't answer."""
    llm.hangs = True


def object_always(llm: FakeLlm) -> None:
    """Find fault with everything."""
    llm.says["review"] = changed(llm, object_to_it)


def be_unsuitable(llm: FakeLlm) -> None:
    """Write what has no place in a lesson."""
    llm.says["write"] = changed(llm, lambda said: said["explanation"].append("You are an idiot."))


def without_model(school: LivingSchool) -> Answer:
    """Ask for a lesson while nothing listens where the model should be."""
    school.model.cut()
    with model_that(school, lambda _: None):
        try:
            return make(school)
        finally:
            school.model.mend()


def without_budget(school: LivingSchool) -> Answer:
    """Ask for a lesson after the day's tokens are used."""
    spend = "UPDATE token_use SET input_tokens = input_tokens + :more"
    school.execute(spend, more=10**9)
    try:
        return make(school)
    finally:
        school.execute(spend, more=-(10**9))


def as_an_order(school: LivingSchool) -> Answer:
    """Order a lesson that fails when nobody waits for it; return what became of it."""
    with model_that(school, lambda llm: setattr(llm, "always", 401)):
        order = {**ASKED, "kind": "lesson"}
        path = school.ask("POST", ORDERS, who=Role.TEACHER, json=order).headers["location"]

        def look() -> Answer:
            return school.ask("GET", path, who=Role.TEACHER)

        wait_until(lambda: look().json()["status"] == "failed", "the order to fail")
        found = look()
    assert found.json()["error"]["event_id"]
    return found


def cancelled(school: LivingSchool) -> Answer:
    """Cancel an order that a model is at work on."""
    school.llm.released.clear()
    with model_that(school, hang):
        order = {**ASKED, "kind": "quiz"}
        path = school.ask("POST", ORDERS, who=Role.TEACHER, json=order).headers["location"]
        return school.ask("DELETE", path, who=Role.TEACHER)


def reused(school: LivingSchool) -> Answer:
    """Use a refresh token twice."""
    token = school.sign_in("teacher@hill").json()["refresh_token"]
    assert school.ask("POST", "/auth/refresh", json={"refresh_token": token}).status == 200
    return school.ask("POST", "/auth/refresh", json={"refresh_token": token})


def signed_out(school: LivingSchool) -> Answer:
    """Use a refresh token after it was handed in."""
    token = school.sign_in("teacher@hill").json()["refresh_token"]
    assert school.ask("POST", "/auth/logout", json={"refresh_token": token}).status == 204
    return school.ask("POST", "/auth/refresh", json={"refresh_token": token})


def counts_in_redis(school: LivingSchool) -> bool:
    """Say whether sign-ins are counted where all servers count."""
    return school.sign_in("teacher@hill").status == 200 and school.redis.is_used


def locked(school: LivingSchool) -> Answer:
    """Sign in with a name that failed five times."""
    about, school.asking_about = school.asking_about, "before the lock"
    # Where Redis was away a moment before, the server still counts for itself, and soon anew.
    wait_until(lambda: counts_in_redis(school), "Redis")
    for _ in range(5):
        assert school.sign_in("nobody@hill", "wrong").status == 401
    school.asking_about = about
    return school.sign_in("nobody@hill", "wrong")


def expired(school: LivingSchool) -> Answer:
    """Ask with an access token of yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    token = school.tokens.issue(school.people[Role.TEACHER], now=yesterday)
    return school.ask("GET", "/auth/me", who=token)


def disabled(school: LivingSchool) -> Answer:
    """Ask as somebody who was shut out a moment ago."""
    whose = "UPDATE \"user\" SET disabled_at = {} WHERE username = 'admin@hill'"
    school.execute(whose.format("now()"))
    try:
        return school.ask("GET", "/auth/me", who=Role.ADMIN)
    finally:
        school.execute(whose.format("NULL"))


def without_database(do: Callable[[LivingSchool], Answer]) -> Happen:
    """Return what is asked while the database is away."""

    def happen(school: LivingSchool) -> Answer:
        school.database.cut()
        try:
            return do(school)
        finally:
            school.database.mend()

    return happen


def without_redis(school: LivingSchool) -> Answer:
    """Ask for what is counted while Redis is away."""
    school.redis.cut()
    try:
        return school.sign_in("teacher@hill")
    finally:
        school.redis.mend()


def without_sink(school: LivingSchool) -> Answer:
    """Fail while the monitor is away: it hears of it later."""
    school.monitor.cut()
    try:
        return school.sign_in("admin@hill", "wrong")
    finally:
        school.monitor.mend()


def damaged(school: LivingSchool) -> Answer:
    """Read a lesson whose row somebody has damaged: a bug, as far as the server knows."""
    about, school.asking_about = school.asking_about, "a good lesson"
    path = make(school).headers["location"]
    school.asking_about = about
    school.execute("UPDATE lesson SET content = '{' WHERE id = :id", id=path.rpartition("/")[2])
    return school.ask("GET", path, who=Role.STUDENT)


def plugin_token(school: LivingSchool) -> str:
    """Pair a Studio; return its token."""
    about, school.asking_about = school.asking_about, "a good pairing"
    code = school.ask("POST", "/plugin/pairing", who=Role.TEACHER).json()["code"]
    made = school.ask("POST", "/plugin/register", json={**WHO, "code": code}).json()
    school.asking_about = about
    token: str = made["token"]
    return token


def outdated_plugin(school: LivingSchool) -> Answer:
    """Register with a version that was left behind."""
    old = {**WHO, "code": "ABCD2345", "plugin_version": "0.0.1"}
    return school.ask("POST", "/plugin/register", json=old)


def failed_script(school: LivingSchool) -> Answer:
    """Tell of a script that failed in Studio."""
    error = {
        "type": "error",
        "message": "attempt to index nil",
        "script": "Workspace.Lava",
        "line": 3,
    }
    return school.ask(
        "POST", "/plugin/messages", who=plugin_token(school), json={"entries": [error]}
    )


def too_large(school: LivingSchool) -> Answer:
    """Send more than a plugin may."""
    body = b" " * 300 * KILOBYTE
    return school.ask("POST", "/plugin/messages", who=plugin_token(school), body=body)


def lost_heartbeat(school: LivingSchool) -> Answer:
    """Ask as a Studio that was not seen for two days."""
    token = plugin_token(school)
    school.execute("UPDATE plugin_session SET seen_at = now() - interval '2 days'")
    return school.ask("POST", "/plugin/heartbeat", who=token)


def undelivered(school: LivingSchool) -> Answer:
    """Ask for a message that has waited for longer than messages wait."""
    token = plugin_token(school)
    session = school.ask("GET", "/api/v1/plugin/sessions", who=Role.TEACHER).json()[0]["id"]
    path = f"/api/v1/plugin/sessions/{session}/messages"
    notice = {"kind": "notice", "text": "Hello"}
    assert school.ask("POST", path, who=Role.TEACHER, json=notice).status == 202
    school.execute("UPDATE plugin_message SET created_at = now() - interval '2 days'")
    return school.ask("GET", "/plugin/messages", who=token)


KINDS = (
    # Operations
    Kind(
        name="the database is away",
        happen=without_database(lambda school: school.ask("GET", "/auth/me", who=Role.STUDENT)),
        status=503,
        problem="dependency",
        told=(
            Told(
                what="DependencyError: database failed at read who is signed in: unavailable",
                transaction="/auth/me",
                user="someone",
                tags={"operation": "read who is signed in"},
                fingerprint=("dependency", "database", "unavailable"),
            ),
        ),
    ),
    Kind(
        name="the server is asked whether it is ready, and the database is away",
        happen=without_database(lambda school: school.ask("GET", "/health/ready")),
        status=503,
        told=(Told(what="/health/ready answered 503", handled=None, transaction="/health/ready"),),
    ),
    Kind(
        name="redis is away",
        happen=without_redis,
        status=200,
        told=(
            Told(
                what="DependencyError: redis failed at count for a limit: unavailable",
                transaction=SIGN_IN,
                user="teacher",
                fingerprint=("dependency", "redis", "unavailable"),
            ),
        ),
    ),
    Kind(
        name="the sink is away",
        happen=without_sink,
        status=401,
        problem="wrong-credentials",
        told=(failed_sign_in("credentials", "someone"),),
    ),
    Kind(
        name="a bug",
        happen=damaged,
        status=500,
        told=(
            Told(
                what="ValidationError: 1 validation error for Lesson",
                handled=False,
                transaction="/lessons/{lesson_id}",
                user="student",
                band="3-5",
            ),
        ),
    ),
    # The door
    Kind(
        name="a wrong password",
        happen=lambda school: school.sign_in("student@hill", "wrong"),
        status=401,
        problem="wrong-credentials",
        told=(failed_sign_in("credentials", "someone"),),
        counted="POST /auth/token credentials 401",
    ),
    Kind(
        name="an unknown name",
        happen=lambda school: school.sign_in("who@hill", "wrong"),
        status=401,
        problem="wrong-credentials",
        told=(failed_sign_in("credentials", "unknown"),),
    ),
    Kind(
        name="a name that is locked",
        happen=locked,
        status=429,
        problem="too-many-failures",
        told=(failed_sign_in("locked", "unknown"),),
    ),
    Kind(
        name="an access token that has expired",
        happen=expired,
        status=401,
        problem="token-refused",
        counted="GET /auth/me credentials 401",
    ),
    Kind(
        name="a forged access token",
        happen=lambda school: school.ask("GET", "/auth/me", who="x.y.z"),
        status=401,
        problem="token-refused",
        told=(failed_sign_in("forged_token", "unknown", "/auth/me"),),
    ),
    Kind(
        name="somebody who was shut out",
        happen=disabled,
        status=401,
        problem="token-refused",
        told=(failed_sign_in("disabled", "someone", "/auth/me"),),
    ),
    Kind(
        name="a refresh token after signing out",
        happen=signed_out,
        status=401,
        problem="refresh-refused",
        counted="POST /auth/refresh credentials 401",
    ),
    Kind(
        name="a refresh token used twice",
        happen=reused,
        status=401,
        problem="refresh-refused",
        told=(failed_sign_in("refresh_token_reused", "someone", "/auth/refresh"),),
    ),
    Kind(
        name="the wrong role",
        happen=lambda school: make(school, who=Role.STUDENT),
        status=403,
        problem="not-allowed",
        counted="POST /generate_content credentials 403",
    ),
    # Content
    Kind(
        name="the model takes too long",
        happen=with_model(hang),
        status=504,
        problem="model-timeout",
        told=(model_failed("model-timeout", "timeout", service="llm"),),
    ),
    Kind(
        name="the model can't be reached",
        happen=without_model,
        status=503,
        problem="model-unreachable",
        told=(model_failed("model-unreachable", "unavailable", service="llm"),),
    ),
    Kind(
        name="the model fails",
        happen=always(500),
        status=503,
        problem="model-failed",
        told=(model_failed("model-failed", "unavailable", service="llm"),),
    ),
    Kind(
        name="the model has too much to do",
        happen=always(429),
        status=503,
        problem="model-busy",
        told=(model_failed("model-busy", "unavailable", service="llm"),),
    ),
    Kind(
        name="the model refuses the key",
        happen=always(401),
        status=502,
        problem="model-refused",
        told=(model_failed("model-refused", "bad answer", service="llm"),),
    ),
    Kind(
        name="the model answers in no known form",
        happen=always(b"hello"),
        status=502,
        problem="model-bad-answer",
        told=(model_failed("model-bad-answer", "bad answer", service="llm"),),
    ),
    Kind(
        name="what the model writes fails every review",
        happen=with_model(object_always),
        status=502,
        problem="invalid-content",
        told=(model_failed("invalid-content", "bad answer", "review"),),
    ),
    Kind(
        name="the model writes what has no place in a lesson",
        happen=with_model(be_unsuitable),
        status=502,
        problem="invalid-content",
        told=(model_failed("invalid-content", "bad answer", "write"),),
    ),
    Kind(
        name="the budget is used up",
        happen=without_budget,
        status=503,
        problem="budget",
        told=(
            Told(
                what="ModelFailedError: llm failed at generate: unavailable",
                transaction=MAKE,
                user="teacher",
                tags={"subject": "science", "grade_band": "3-5"},
                contexts=frozenset({"education"}),
                fingerprint=("dependency", "llm", "budget"),
            ),
        ),
    ),
    Kind(
        name="an order fails when nobody waits for it",
        happen=as_an_order,
        status=200,
        told=(
            Told(
                what="ModelFailedError: llm failed at generate: bad answer",
                handled=False,
                transaction="generate lesson",
                user="teacher",
                tags={"subject": "science", "agent_task": "plan"},
                contexts=frozenset({"education", "agent", "job"}),
                fingerprint=("dependency", "llm", "model-refused"),
            ),
        ),
    ),
    Kind(name="an order that is cancelled", happen=cancelled, status=200),
    Kind(
        name="an objective that nobody teaches",
        happen=lambda school: make(school, objective="alchemy"),
        status=422,
        problem="invalid-input",
    ),
    Kind(
        name="a grade that there isn't",
        happen=lambda school: make(school, grade=13),
        status=422,
        problem="invalid-input",
        counted="POST /generate_content body.grade less_than_equal",
    ),
    Kind(
        name="progress is asked for by who isn't signed in",
        happen=lambda school: school.ask("GET", f"{ORDERS}/{uuid4()}/events"),
        status=401,
        problem="not-signed-in",
        counted=f"GET {ORDERS}/{{generation_id}}/events credentials 401",
    ),
    # The plugin
    Kind(
        name="a plugin that is too old",
        happen=outdated_plugin,
        status=409,
        problem="plugin-too-old",
    ),
    Kind(
        name="a script fails in Studio",
        happen=failed_script,
        status=200,
        told=(
            Told(
                what="LuauError: attempt to index nil",
                handled=False,
                transaction="/plugin/messages",
                user="teacher",
                tags={"role": "teacher"},
                contexts=frozenset({"plugin"}),
                fingerprint=("luau", "Workspace.Lava", "attempt to index nil"),
            ),
        ),
    ),
    Kind(name="a plugin sends too much", happen=too_large, status=413),
    Kind(
        name="a plugin's heartbeat is lost",
        happen=lost_heartbeat,
        status=401,
        problem="not-paired",
        counted="POST /plugin/heartbeat credentials 401",
    ),
    Kind(
        name="a plugin with a token of nobody",
        happen=lambda school: school.ask("GET", "/plugin/messages", who="made-up"),
        status=401,
        problem="not-paired",
        told=(failed_sign_in("plugin_token", "unknown", "/plugin/messages"),),
    ),
    Kind(name="a message that was not fetched in time", happen=undelivered, status=204),
)
