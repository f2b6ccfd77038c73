# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The subcommands of the command ``lwrf``, one file each: arguments and nothing else."""
