# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What comes to the node: quality of service, and messages to arrays."""
