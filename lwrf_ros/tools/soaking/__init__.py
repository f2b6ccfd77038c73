# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""The parts of ``lwrf soak``: cameras, hostile messages, faults, samples and the account."""
