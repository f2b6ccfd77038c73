# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Pictures for people: overlays, legends, pages of frames and plots of coverage."""
