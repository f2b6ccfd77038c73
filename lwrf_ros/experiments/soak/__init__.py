# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The node for minutes under faults: cameras, hostile messages, samples and the account."""
