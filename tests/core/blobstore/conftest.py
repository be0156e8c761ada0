from __future__ import annotations

import pytest

# The suites are plain modules that each driver's test file binds; their asserts shall explain themselves too.
pytest.register_assert_rewrite(
    "tests.core.blobstore.conformance_blobs",
    "tests.core.blobstore.conformance_uploads",
    "tests.core.blobstore.power_loss",
    "tests.core.blobstore.pushes",
)
