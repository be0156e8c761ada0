"""A picture for each kind of artifact: drawn here, named by the digest of its bytes, which is what lists say."""

from __future__ import annotations

from core.oci.artifact_type import IMAGE
from core.oci.digest import Digest

_FRAME = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" fill="none" '
    'stroke="#44546a" stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round"><path d="{}"/></svg>'
)


def _picture(path: str) -> bytes:
    return _FRAME.format(path).encode()


# Layers, a wheel, a box, a signature under a line, a list; a sheet for all else.
_LAYERS = _picture("M12 3 3 8l9 5 9-5-9-5ZM3 12l9 5 9-5M3 16l9 5 9-5")
_WHEEL = _picture("M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM12 2v20M2 12h20M5 5l14 14M19 5 5 19")
_BOX = _picture("M3 7l9-4 9 4v10l-9 4-9-4V7ZM3 7l9 4 9-4M12 11v10")
_SIGNATURE = _picture("M3 20h18M4 16c3-8 5-11 7-10s-4 9-1 9 3-5 5-5 0 4 5 4")
_LIST = _picture("M4 6h2M9 6h11M4 12h2M9 12h11M4 18h2M9 18h11")
_SHEET = _picture("M6 3h9l4 4v14H6V3ZM15 3v4h4")

_OF = {
    IMAGE: _LAYERS,
    "CHART": _WHEEL,
    "CNAB": _BOX,
    "WASM": _BOX,
    "signature.cosign": _SIGNATURE,
    "signature.notation": _SIGNATURE,
    "sbom": _LIST,
}
PICTURES = {str(Digest.of(each)): each for each in (*_OF.values(), _SHEET)}
_DIGESTS = {kind: str(Digest.of(each)) for kind, each in _OF.items()}
_OTHER = str(Digest.of(_SHEET))


def icon(kind: str) -> str:
    """The digest of the picture for a type of artifact, or a kind of accessory as it is stored."""
    return _DIGESTS.get(kind, _OTHER)
