"""The runs of the conformance suite, and every test that one of them may skip, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OFF = "the workflow is off in this run and on in the others"

# Skipped in every run. The key is the start of a test's name, as `conformance_report` gives it.
NEVER: Mapping[str, str] = {
    "Pull Setup Get tag name from environment": (
        "reads OCI_TAG_NAME, which is set only for a registry that cannot be pushed to; it asserts nothing"
    ),
    "Content Discovery Setup Populate registry with test tags (no push)": (
        "reads OCI_TAG_LIST, which is set only for a registry that cannot be pushed to; it asserts nothing"
    ),
    "Push Cross-Repository Blob Mount Cross-mounting of nonexistent blob should yield session id": (
        "runs only where a mount that is allowed is answered with 202; ours is answered with 201"
    ),
    "Push Cross-Repository Blob Mount Cross-mounting without from, and automatic content discovery disabled": (
        "a mount without `from` finds what the caller may pull: the test of the opposite setting runs"
    ),
}

REFERENCED_LAYER: Mapping[str, str] = {
    "Content Management Blob delete GET request to deleted blob URL should yield 404 response": (
        "an image that the push workflow leaves behind still needs the layer, so deleting it is refused with 405; "
        "the run of content management alone has no such image"
    ),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its name, which names its repositories too, its settings, and the skips it may have."""

    name: str
    options: Mapping[str, str]
    skips: Mapping[str, str]


# A mount without `from` is on in all: the other setting demands 202 where our design says 201.
RUNS = (
    Run(
        "manifests-first",
        {"OCI_AUTOMATIC_CROSSMOUNT": "1", "OCI_DELETE_MANIFEST_BEFORE_BLOBS": "1"},
        {**NEVER, **REFERENCED_LAYER},
    ),
    Run(
        "blobs-first",
        {"OCI_AUTOMATIC_CROSSMOUNT": "1", "OCI_DELETE_MANIFEST_BEFORE_BLOBS": "0"},
        {**NEVER, **REFERENCED_LAYER},
    ),
    Run(
        "management-alone",
        {"OCI_TEST_PULL": "0", "OCI_TEST_PUSH": "0", "OCI_TEST_CONTENT_DISCOVERY": "0"},
        {"Pull ": OFF, "Push ": OFF, "Content Discovery ": OFF},
    ),
)
