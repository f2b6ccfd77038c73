# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The lwrf_ros authors
"""``lwrf label``: from a recording or photographs to a data set with a teacher's labels."""
