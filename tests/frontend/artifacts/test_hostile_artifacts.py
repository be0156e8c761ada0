"""What somebody pushes to break the page of an artifact: it is shown as it is, or not at all."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from access.models import Member
from access.table import Role
from tests import images
from tests.frontend.shelf import push, shelf
from tests.frontend.visitor import Page, Visitor
from tests.images import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Content, Image, Index, encode
from tests.people import make_project, unique

SCRIPT: Final = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
TABS: Final = (
    "overview",
    "layers",
    "layers&view=dockerfile",
    "referrers",
    "manifest",
    "manifest&document=config",
    "history",
)


@pytest.fixture
def project(ann: Visitor) -> Any:
    made = make_project("hostile")
    Member.objects.create(project=made, user=ann.user, role_id=Role.MAINTAINER)
    return made


def image(config: object, annotations: dict[str, str] | None = None) -> Image:
    """With that config, whatever it is."""
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    told = Content(OCI_CONFIG, text)
    layer = images.layer({"x": unique("x").encode()})
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": told.descriptor(),
        "layers": [layer.descriptor()],
        "annotations": annotations or {},
    }
    return Image(Content(OCI_MANIFEST, encode(manifest)), told, (layer,))


def shown(ann: Visitor, place: str, tag: str) -> str:
    """Every tab of it, and nothing of what was pushed has become a part of the page."""
    texts = []
    for tab in TABS:
        answer = ann.get(f"/r/{place}/-/t/{tag}?tab={tab}")
        assert answer.status_code == 200, answer.text[:500]
        page = Page(answer.text)
        scripts = [found for name, found in page.tags if name == "script"]
        assert all(found.get("src", "").startswith("/static/") for found in scripts)
        assert not [name for name, found in page.tags if "onerror" in found or name == "img"]
        assert not [link for link in page.links if link.startswith(("javascript:", "data:"))]
        texts.append(page.text)
    return " ".join(texts)


def test_script_in_every_field_is_shown_as_text(ann: Visitor, project: Any) -> None:
    config = {
        "author": SCRIPT,
        "architecture": SCRIPT,
        "os": "linux",
        "config": {
            "Env": [f"{SCRIPT}={SCRIPT}", f"MY_SECRET={SCRIPT}"],
            "Labels": {SCRIPT: SCRIPT, "link": "javascript:alert(1)"},
            "Entrypoint": [SCRIPT],
            "ExposedPorts": {SCRIPT: {}},
            "User": SCRIPT,
        },
        "history": [{"created_by": f"RUN {SCRIPT}", "comment": SCRIPT}],
    }
    annotations = {
        SCRIPT: SCRIPT,
        "org.opencontainers.image.source": "javascript:alert(1)",
        "org.opencontainers.image.revision": "0123abc",
        "org.opencontainers.image.base.name": SCRIPT,
    }
    where = shelf(project, "app", image(config, annotations), "1")
    text = shown(ann, str(where.name), "1")
    assert text.count("<script>alert(1)</script>") > 8


@pytest.mark.parametrize(
    "config",
    [
        b"{}",
        b"[]",
        b"no json",
        {"config": [], "history": "x", "os": 7},
        {"config": {"Env": {"a": 1}, "Labels": [1], "Cmd": 7, "ExposedPorts": [1], "Healthcheck": "x", "User": None}},
        {"config": {"Labels": {"half": "\ud800", "nul": "\x00", "direction": "\u202e"}, "Env": ["\ud800=\x00", 7, None]}},
        {"history": [{"created_by": "\ud800"}, {"empty_layer": True}, {"created_by": "x" * 20_000}]},
    ],
)  # fmt: skip
def test_a_config_of_any_form_is_a_page(ann: Visitor, project: Any, config: object) -> None:
    where = shelf(project, "app", image(config, {"half": "\ud800", "x" * 300: "y" * 5_000}), "1")
    shown(ann, str(where.name), "1")


def test_an_index_of_nothing_and_one_of_what_names_no_platform(ann: Visitor, project: Any) -> None:
    where = shelf(
        project,
        "app",
        Index(Content(OCI_INDEX, encode({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": []})), ()),
        "none",
    )
    assert "Nothing is in this index." in shown(ann, str(where.name), "none")
    part = images.image({"x": unique("p").encode()}, os="unknown", architecture="unknown")
    push(where, images.index(part), "unknown")
    assert "no platform" in shown(ann, str(where.name), "unknown")
    odd = images.image({"x": unique("o").encode()}, architecture=SCRIPT)
    push(where, images.index(odd, images.image({"x": unique("q").encode()})), "odd")
    shown(ann, str(where.name), "odd")
    assert ann.get(f"/r/{where.name}/-/t/odd", params={"platform": f"linux/{SCRIPT}"}).status_code == 200


def test_a_part_that_was_not_pushed_is_said_to_be_missing(ann: Visitor, project: Any) -> None:
    project.sparse_indexes = True
    project.save()
    kept, left = (images.image({"x": unique("k").encode()}, architecture=each) for each in ("amd64", "arm64"))
    index = images.index(kept, left)
    where = shelf(project, "app", kept)
    push(where, Index(index.manifest, ()), "sparse")
    text = shown(ann, str(where.name), "sparse")
    assert "not here" in text
    assert "linux/arm64" in text


@pytest.mark.parametrize(
    "query",
    ["tab=x", "platform=%00", "platform=" + "x" * 400, "by=y&tool=z&view=q&empty=1", "document=<script>"],
)
def test_an_address_that_asks_for_nothing_we_have_is_the_usual_page(
    ann: Visitor, project: Any, query: str
) -> None:
    where = shelf(project, "app", images.image({"x": unique("z").encode()}), "1")
    assert "Configuration" in ann.page(f"/r/{where.name}/-/t/1?{query}").text


@pytest.mark.parametrize(
    "path", ["t/-x", "t/..", "m/sha256:x", "m/latest", "m/sha256:" + "0" * 64, "t/absent"]
)
def test_what_is_no_reference_or_names_nothing_is_a_page_that_says_so(
    ann: Visitor, project: Any, path: str
) -> None:
    where = shelf(project, "app", images.image({"x": unique("z").encode()}), "1")
    assert ann.get(f"/r/{where.name}/-/{path}").status_code in (400, 404)
