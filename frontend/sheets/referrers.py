"""The tab of what speaks of an artifact: signatures, attestations and lists of parts, each below what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from artifacts.browsing import referrers
from artifacts.browsing.referrers import Referrer
from artifacts.browsing.sheets import Content, Sheet
from artifacts.places import Located
from core.oci.accessory import AccessoryKind
from core.oci.cosign import Signer
from core.oci.digest import Digest
from frontend import clients
from frontend.clients import Wanted
from frontend.sheets import texts
from frontend.sheets.overview import own_page
from frontend.sheets.texts import Pair

KINDS: Final[dict[str, tuple[str, str | Promise]]] = {
    AccessoryKind.COSIGN_SIGNATURE: ("rosette-discount-check", gettext_lazy("Signature (cosign)")),
    AccessoryKind.NOTATION_SIGNATURE: ("rosette-discount-check", gettext_lazy("Signature (notation)")),
    AccessoryKind.SBOM: ("list-check", gettext_lazy("Software bill of materials")),
    AccessoryKind.ATTESTATION: ("shield-check", gettext_lazy("Attestation")),
    AccessoryKind.NYDUS: ("stack-2", gettext_lazy("Accelerated copy (Nydus)")),
    AccessoryKind.SUBJECT: ("link", gettext_lazy("Refers to this")),
}
SHOWN_ANNOTATIONS: Final = 20


@dataclass(frozen=True, slots=True)
class Line:
    """`step`: how far below the artifact, from 1; `size` in bytes; `signer`: whom its certificate names, "" for nobody."""

    step: int
    icon: str
    word: str | Promise
    type: str
    digest: str
    link: str
    size: int
    pushed_at: datetime
    pushed_by: str
    annotations: tuple[Pair, ...]
    signer: str


@dataclass(frozen=True, slots=True)
class Tree:
    """`verify`: commands that check what is said, for each kind of it that is there."""

    lines: tuple[Line, ...]
    verify: tuple[str, ...]
    more: bool
    template: str = "frontend/artifacts/referrers.html"

    @property
    def verify_text(self) -> str:
        return "\n".join(self.verify)


def tree(place: Located, sheet: Sheet, content: Content | None, wanted: Wanted) -> Tree:
    """Of the artifact, and of the part of an index that is shown. One query."""
    roots = list(dict.fromkeys([sheet.digest, *([content.digest] if content else [])]))
    found = referrers.tree(place, roots)
    # Who speaks of two that are here is found on two ways.
    ordered = list(_below(roots, list(dict.fromkeys(found[: referrers.MOST])), 1))
    return Tree(
        lines=tuple(_line(place, each, step) for each, step in ordered),
        verify=_verify(found, wanted),
        more=len(found) > referrers.MOST,
    )


def _below(
    subjects: Sequence[Digest], found: Sequence[Referrer], step: int
) -> Iterator[tuple[Referrer, int]]:
    """Each with what speaks of it right below it; the query has bounded the steps."""
    wanted = set(subjects)
    for each in found:
        if each.depth == step and each.subject in wanted:
            yield each, step
            yield from _below([each.digest], found, step + 1)


def _line(place: Located, each: Referrer, step: int) -> Line:
    icon, word = KINDS.get(each.kind, ("link", each.kind))
    return Line(
        step=step,
        icon=icon,
        word=word,
        type=texts.readable(each.type),
        digest=str(each.digest),
        link=own_page(place, each.digest),
        size=each.size,
        pushed_at=each.pushed_at,
        pushed_by=each.pushed_by,
        annotations=texts.pairs(texts.strings(each.annotations))[:SHOWN_ANNOTATIONS],
        signer=_signer(each.signer) if each.signer else "",
    )


def _signer(named: Signer) -> str:
    """What the certificate says, and that it was not checked."""
    told = {"identity": texts.readable(named.identity), "issuer": texts.readable(named.issuer)}
    if not named.issuer:
        return _("Its certificate names %(identity)s. Not checked here.") % told
    return _("Its certificate names %(identity)s, vouched for by %(issuer)s. Not checked here.") % told


def _by(named: Signer | None) -> str:
    """How cosign is told whose signature it shall be. What breaks a line is in no honest certificate, and in no command."""
    if named is None or not named.issuer or not f"{named.identity}{named.issuer}".isprintable():
        return "--key cosign.pub"
    return f"--certificate-identity={quote(named.identity)} --certificate-oidc-issuer={quote(named.issuer)}"


def _verify(found: Sequence[Referrer], wanted: Wanted) -> tuple[str, ...]:
    kinds = {each.kind for each in found}
    named = next((each.signer for each in found if each.signer), None)
    flag = wanted.insecure("--allow-http-registry")
    target = f"{wanted.name}@{wanted.digest}"
    lines = {
        AccessoryKind.COSIGN_SIGNATURE: f"cosign verify{flag} {_by(named)} {target}",
        AccessoryKind.ATTESTATION: f"cosign verify-attestation{flag} --key cosign.pub --type slsaprovenance {target}",
        AccessoryKind.NOTATION_SIGNATURE: f"notation verify{wanted.insecure('--insecure-registry')} {target}",
    }
    told = [line for kind, line in lines.items() if kind in kinds]
    oras = clients.tool(wanted, "oras").name
    return (*told, f"{oras} discover{wanted.insecure('--plain-http')} {target}") if found else ()
