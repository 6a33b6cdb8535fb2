"""redis-py, synchronous and asyncio: commands, and pipelines as one.

Not observed: a cluster's client, a subscriber's waiting, and what a watching pipeline asks at once.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter, time
from types import ModuleType
from typing import Any

from toolboxai.telemetry.current import Request
from toolboxai.telemetry.instruments.calls import Choices, end_span, leave_crumb, start_span
from toolboxai.telemetry.instruments.observing import Patches

# Commands whose first argument is a key. Of all others (AUTH, EVAL, CONFIG SET) only the name is told.
_KEYED = frozenset(
    {
        "APPEND", "BITCOUNT", "BITFIELD", "BITPOS", "BLMOVE", "BLPOP", "BRPOP", "BZPOPMAX", "BZPOPMIN", "DECR",
        "DECRBY", "DEL", "DUMP", "EXISTS", "EXPIRE", "EXPIREAT", "EXPIRETIME", "GEOADD", "GEODIST", "GEOHASH",
        "GEOPOS", "GEOSEARCH", "GET", "GETBIT", "GETDEL", "GETEX", "GETRANGE", "GETSET", "HDEL", "HEXISTS", "HEXPIRE",
        "HGET", "HGETALL", "HINCRBY", "HINCRBYFLOAT", "HKEYS", "HLEN", "HMGET", "HMSET", "HRANDFIELD", "HSCAN",
        "HSET", "HSETNX", "HSTRLEN", "HTTL", "HVALS", "INCR", "INCRBY", "INCRBYFLOAT", "LINDEX", "LINSERT", "LLEN",
        "LMOVE", "LPOP", "LPOS", "LPUSH", "LPUSHX", "LRANGE", "LREM", "LSET", "LTRIM", "MGET", "MSET", "MSETNX",
        "PERSIST", "PEXPIRE", "PEXPIREAT", "PFADD", "PFCOUNT", "PFMERGE", "PSETEX", "PTTL", "PUBLISH", "RENAME",
        "RENAMENX", "RESTORE", "RPOP", "RPOPLPUSH", "RPUSH", "RPUSHX", "SADD", "SCARD", "SDIFF", "SET", "SETBIT",
        "SETEX", "SETNX", "SETRANGE", "SINTER", "SISMEMBER", "SMEMBERS", "SMISMEMBER", "SORT", "SPOP",
        "SPUBLISH", "SRANDMEMBER", "SREM", "SSCAN", "STRLEN", "SUNION", "TOUCH", "TTL", "TYPE", "UNLINK", "XACK",
        "XADD", "XCLAIM", "XDEL", "XLEN", "XPENDING", "XRANGE", "XREVRANGE", "XTRIM", "ZADD", "ZCARD", "ZCOUNT",
        "ZINCRBY", "ZLEXCOUNT", "ZMSCORE", "ZPOPMAX", "ZPOPMIN", "ZRANDMEMBER", "ZRANGE", "ZRANGEBYLEX",
        "ZRANGEBYSCORE", "ZRANK", "ZREM", "ZREMRANGEBYLEX", "ZREMRANGEBYRANK", "ZREMRANGEBYSCORE", "ZREVRANGE",
        "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCAN", "ZSCORE",
    }
)  # fmt: skip
_COMMAND = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,30}(?: [A-Za-z][A-Za-z-]{0,20})?")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z_-]{0,30}")
MAX_KEY_CHARS = 64


@dataclass(slots=True)
class RedisCall:
    """A command, or a pipeline of some, on its way."""

    request: Request
    name: str
    facts: Mapping[str, Any]
    started: float
    clock: float


class RedisCommands:
    """``(client, command, …)``."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices

    def begin(
        self, request: Request, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> RedisCall | None:
        """Take note of a command."""
        del options
        name = command_pattern(args[1:])
        facts = {"db.system": "redis", "db.operation": name.partition(" ")[0]}
        return RedisCall(request, name, facts, time(), perf_counter())

    def end(self, call: RedisCall, result: object, error: BaseException | None) -> None:
        """Leave the breadcrumb and, where the trace is kept, the span."""
        del result
        seconds = perf_counter() - call.clock
        level, limit = "error" if error else "info", self._choices.max_breadcrumbs
        leave_crumb(call.request, call.started, "redis", level, call.name, limit=limit)
        span = start_span(call.request, "db.redis", call.name, call.started)
        if span is not None:
            end_span(span, seconds, call.facts, error)


class RedisPipelines(RedisCommands):
    """``(pipeline, …)``."""

    def begin(
        self, request: Request, args: tuple[Any, ...], options: Mapping[str, Any]
    ) -> RedisCall | None:
        """Take note of how many commands go together; of none, nothing goes."""
        del options
        count = len(args[0].command_stack)
        if not count:
            return None
        name = f"PIPELINE of {count}"
        facts = {
            "db.system": "redis",
            "db.operation": "PIPELINE",
            "db.operation.batch.size": count,
        }
        return RedisCall(request, name, facts, time(), perf_counter())


def observe(module: ModuleType, patches: Patches, choices: Choices) -> None:
    """Observe both kinds of client. ``module`` is ``redis``."""
    commands, pipelines = RedisCommands(choices), RedisPipelines(choices)
    for clients in (module.client, module.asyncio.client):
        patches.observe(clients.Redis, "execute_command", commands)
        patches.observe(clients.Pipeline, "execute", pipelines)


def command_pattern(words: tuple[Any, ...]) -> str:
    """Return a command's name and what its first key begins with: ``GET user:*``."""
    command = _text(words[0]) if words else ""
    if not _COMMAND.fullmatch(command):
        return "?"
    command = command.upper()
    if command not in _KEYED or len(words) < 2:
        return command
    return f"{command} {_key_pattern(words[1])}"


def _key_pattern(key: object) -> str:
    prefix, separator, _rest = _text(key).partition(":")
    return f"{prefix}:*" if separator and _PREFIX.fullmatch(prefix) else "*"


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value[:MAX_KEY_CHARS].decode("latin-1")
    return value[:MAX_KEY_CHARS] if isinstance(value, str) else ""
