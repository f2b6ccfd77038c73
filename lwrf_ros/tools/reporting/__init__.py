# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""What is behind `lwrf report`: a replay's output as one HTML page."""
