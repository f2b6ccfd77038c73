# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What the node publishes beside its diagnostics: results to messages."""
