# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""How well labels and confidence agree with the truth: scores, plots, the temperature."""
