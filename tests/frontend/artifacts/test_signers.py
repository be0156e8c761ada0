"""Whom a signature's certificate names: said as what it says, never as a fact, and never as a command of its own."""

from __future__ import annotations

from cryptography import x509

from access.models import Member
from access.table import Role
from core.oci.cosign import CERTIFICATE
from tests import images
from tests.core.oci.test_cosign import ISSUER, WORKFLOW, certificate
from tests.frontend.shelf import push, shelf
from tests.frontend.visitor import Visitor
from tests.images import OCI_MANIFEST, Content, Image, encode
from tests.people import make_project, unique

KIND = "application/vnd.dev.cosign.artifact.sig.v1+json"


def signature(of: Image, name: str) -> Image:
    plain = images.artifact(unique("s").encode(), artifact_type=KIND, subject=of.manifest)
    note = {CERTIFICATE: certificate(x509.UniformResourceIdentifier(name))}
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": KIND,
        "config": plain.config.descriptor(),
        "layers": [each.descriptor(annotations=note) for each in plain.layers],
        "subject": of.manifest.descriptor(),
    }
    return Image(Content(OCI_MANIFEST, encode(document)), plain.config, plain.layers)


def test_the_signer_is_named_and_asked_for(ann: Visitor) -> None:
    project = make_project("signers")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    image = images.image({"x": unique("x").encode()})
    where = shelf(project, "app", image, "1")
    push(where, signature(image, WORKFLOW))
    text = ann.page(f"/r/{where.name}/-/t/1?tab=referrers").text
    assert f"Its certificate names {WORKFLOW}, vouched for by {ISSUER}. Not checked here." in text
    assert f"--certificate-identity={WORKFLOW} --certificate-oidc-issuer={ISSUER}" in text


def test_no_name_becomes_a_command(ann: Visitor) -> None:
    project = make_project("signers")
    Member.objects.create(project=project, user=ann.user, role_id=Role.GUEST)
    for number, name in enumerate(("https://x/$(reboot); <script>alert(1)</script>", "https://x\nreboot")):
        image = images.image({"x": unique("x").encode()})
        where = shelf(project, f"app{number}", image, "1")
        push(where, signature(image, name))
        answer = ann.get(f"/r/{where.name}/-/t/1?tab=referrers")
        assert "<script>alert" not in answer.text
        assert ("&#x27;https://x/$(reboot)" if not number else "--key cosign.pub") in answer.text
