# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How ``lwrf`` ends: the exit code of every subcommand, and what is said of errors."""

from __future__ import annotations

import errno
import os
import select
import sys
import traceback
from collections.abc import Iterator

from lwrf_ros.errors import LwrfError
from lwrf_ros.files import is_full
from lwrf_ros.memory import is_out_of_memory
from lwrf_ros.processes.interruption import Terminated
from lwrf_ros.terminal.exit_codes import (
    EXIT_INTERRUPTED,
    EXIT_NO_SPACE,
    EXIT_PIPE_CLOSED,
    EXIT_TERMINATED,
    EXIT_UNEXPECTED,
    EXIT_USER_ERROR,
)

# Libraries in other languages hand on what the system says, and no number.
_FULL_WORDS = (os.strerror(errno.ENOSPC).lower(), os.strerror(errno.EDQUOT).lower())


def flush(code: int) -> int:
    """Hand everything that was printed to the system and return the code.

    Raises:
        OSError: If it cannot be taken: a full disk, a reader that has gone.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def end(error: BaseException, verb: str) -> int:
    """Say what ended a subcommand, and return its exit code.

    Only what nobody has foreseen comes with a traceback.

    Args:
        error: What it raised.
        verb: What messages begin with.
    """
    causes = list(_causes(error))
    if any(isinstance(one, BrokenPipeError) for one in causes) and _output_is_closed():
        code, words = EXIT_PIPE_CLOSED, ""
    elif isinstance(error, KeyboardInterrupt):
        terminated = isinstance(error, Terminated)
        code = EXIT_TERMINATED if terminated else EXIT_INTERRUPTED
        words = "terminated" if terminated else "interrupted"
    elif any(_says_full(one) for one in causes):
        code, words = EXIT_NO_SPACE, f"error: {_line(error)}; free space, or write somewhere else"
    elif any(is_out_of_memory(one) for one in causes):
        code, words = EXIT_NO_SPACE, f"error: out of memory: {_line(error)}"
    elif isinstance(error, LwrfError):
        code, words = EXIT_USER_ERROR, f"error: {error}"
    else:
        code = EXIT_UNEXPECTED
        words = f"{''.join(traceback.format_exception(error))}{verb}: unexpected: {_line(error)}"
        verb = ""
    _say(f"{verb}: {words}" if verb and words else words)
    return code


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _says_full(error: BaseException) -> bool:
    if is_full(error):
        return True
    return not isinstance(error, LwrfError) and any(
        words in f"{error}".lower() for words in _FULL_WORDS
    )


def _line(error: BaseException) -> str:
    return f"{error}".strip() or type(error).__name__


def _output_is_closed() -> bool:
    """Tell whether whoever read the output of this process has gone."""
    poll = select.poll()
    for number in (1, 2):
        poll.register(number, select.POLLOUT)
    return any(events & select.POLLERR for _, events in poll.poll(0))


def _say(words: str) -> None:
    """Print to stderr, and let nothing that could not be written raise again at Python's end."""
    try:
        if words:
            print(words, file=sys.stderr)
        sys.stderr.flush()
    except OSError:
        _drop(2)
    try:
        sys.stdout.flush()
    except OSError:
        _drop(1)


def _drop(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
