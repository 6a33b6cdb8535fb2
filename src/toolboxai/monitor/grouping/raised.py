"""What exceptions contribute: chains once each, groups whatever their order and number. Pure."""

import re
from collections.abc import Iterable

from toolboxai.monitor.grouping.components import Component, Kind
from toolboxai.monitor.grouping.messages import MAX_MESSAGE_CHARS, parametrised
from toolboxai.monitor.grouping.stacks import Stack, describe, own_frames
from toolboxai.monitor.grouping.values import Json, first_line, frames, mapping, text

MAX_TYPE_CHARS = 300
MAX_DEPTH = 50
_ENDLESS = re.compile(r"RecursionError|StackOverflow|too much recursion|call stack size")

# What one exception contributes.
Block = tuple[Component, ...]


class Raised:
    """The exceptions of one event; the last one surfaced."""

    def __init__(self, exceptions: list[Json], platform: str) -> None:
        self.left_out: dict[str, None] = {}
        self._platform = platform
        self._exceptions = exceptions
        self._frames = [frames(exception) for exception in exceptions]
        self._own = [own_frames(sent) for sent in self._frames]
        self._has_own = len(exceptions) > 1 and any(self._own)

    def components(self) -> list[Component]:
        """Return what all of them contribute, the cause first."""
        blocks = self._from_tree() if self._is_tree() else self._described()
        if len(blocks) > 1:
            blocks = list(dict.fromkeys(blocks))
        return [component for block in blocks for component in block]

    def _is_tree(self) -> bool:
        return any(
            mapping(each, "mechanism").get("is_exception_group") is True
            for each in self._exceptions
        )

    def _described(self) -> list[Block]:
        return [self._block(number) for number in range(len(self._exceptions))]

    def _from_tree(self) -> list[Block]:
        """Follow the ids with which SDKs say which exception is part of which group."""
        mechanisms = [mapping(each, "mechanism") for each in self._exceptions]
        numbers = {
            each["exception_id"]: number
            for number, each in enumerate(mechanisms)
            if isinstance(each.get("exception_id"), int)
        }
        children: dict[int, list[int]] = {}
        roots = []
        for number, each in enumerate(mechanisms):
            sent = each.get("parent_id")
            parent = numbers.get(sent) if isinstance(sent, int) else None
            if parent is None or parent == number:
                roots.append(number)
            else:
                children.setdefault(parent, []).append(number)
        return [
            block for root in roots for block in self._subtree(root, children, 0)
        ] or self._described()

    def _subtree(self, number: int, children: dict[int, list[int]], depth: int) -> list[Block]:
        own = self._block(number)
        if depth >= MAX_DEPTH:
            return [own]
        # Taken out, so that ids that go round end.
        parts = [self._subtree(child, children, depth + 1) for child in children.pop(number, ())]
        if mapping(self._exceptions[number], "mechanism").get("is_exception_group") is not True:
            return [*(block for part in parts for block in part), own]
        # A group of three failed tasks is the same problem as one of five, in whatever order.
        distinct = sorted({tuple(part) for part in parts})
        if len(distinct) == 1 and any(c.kind is Kind.FRAME for block in distinct[0] for c in block):
            self.left_out["the group around the only error in it"] = None
            return list(distinct[0])
        return [*(block for part in distinct for block in part), own]

    def _block(self, number: int) -> Block:
        return tuple(self._one(self._exceptions[number], number))

    def _one(self, exception: Json, number: int) -> Iterable[Component]:
        kind = text(exception, "type")[:MAX_TYPE_CHARS]
        if kind and mapping(exception, "mechanism").get("synthetic") is not True:
            yield Component(Kind.TYPE, kind, "what was raised")
        value = text(exception, "value")
        stack = self._stack(kind, value, number)
        if stack is not None and (stack.is_own or not self._has_own):
            yield from stack.components
            self.left_out.update(dict.fromkeys(stack.left_out))
        elif self._has_own:
            # Another of the chain says where.
            return
        if stack is not None and stack.is_telling:
            if value:
                self.left_out["the message (the place says more)"] = None
            return
        said = parametrised(first_line(value, max_chars=MAX_MESSAGE_CHARS))
        if said:
            reason = "the stack says too little" if stack else "there is no stack"
            yield Component(Kind.MESSAGE, said, reason)

    def _stack(self, kind: str, value: str, number: int) -> Stack | None:
        sent = self._frames[number]
        if not sent:
            return None
        is_endless = _ENDLESS.search(kind) is not None or _ENDLESS.search(value, 0, 200) is not None
        return describe(sent, self._own[number], self._platform, is_endless=is_endless)
