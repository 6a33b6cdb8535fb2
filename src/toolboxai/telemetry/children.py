"""Children of ``multiprocessing`` end by ``os._exit``, which skips ``atexit``: what they captured is kept even so."""

from collections.abc import Callable
from multiprocessing.process import parent_process
from multiprocessing.util import Finalize, register_after_fork

# After whatever the application's own finalizers still capture, and what they put into queues.
_LAST = -100


def keep_at_their_end(keep: Callable[[], None]) -> None:
    """Call ``keep`` at the end in order of every child of this process, and of this one if it is a child.

    ``keep`` is only referred to weakly: give a function of a module.
    """
    # Called in forked ones, and in one that is spawned and imports its main module just now.
    register_after_fork(keep, _keep_at_the_end)
    if parent_process() is not None:
        _keep_at_the_end(keep)


def _keep_at_the_end(keep: Callable[[], None]) -> None:
    Finalize(None, keep, exitpriority=_LAST)
