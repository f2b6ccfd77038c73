# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Output of the node beside its diagnostics: results to messages."""
