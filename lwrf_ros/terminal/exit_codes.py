# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The exit codes of ``lwrf``, the same in every subcommand."""

from __future__ import annotations

EXIT_DONE = 0
# Of what is compared, and of nothing else.
EXIT_DIFFERENT = 1
EXIT_USER_ERROR = 2
# An error that nobody has foreseen, or a part that failed while the rest went on.
EXIT_UNEXPECTED = 3
# On a disk or in memory.
EXIT_NO_SPACE = 4
# As a shell says it of a process that a signal ended.
EXIT_INTERRUPTED, EXIT_PIPE_CLOSED, EXIT_TERMINATED = 130, 141, 143
