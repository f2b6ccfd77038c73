# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""Images with masks on disk: folders and published sets, checked as a whole."""
