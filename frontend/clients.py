"""How an artifact is had with the tools people use: a few lines for each, ready to be copied."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from accounts.registry_tokens import SERVICE
from core.oci.artifact_type import IMAGE
from frontend.hosts import Address

CHART: Final = "CHART"
# A platform is what somebody pushed: in a line that people paste into a shell stands nothing but this.
_PLATFORM: Final = re.compile(r"[a-z0-9]+/[a-z0-9_]+(?:/[a-z0-9.]+)?", re.ASCII)
ACCEPT: Final = {
    True: "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json",
    False: "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be had, and from where. `tag`: "" where it has none; `platform`: one that was chosen, else "".

    `type`: the word of core.oci.artifact_type; `is_open`: nobody has to sign in for it.
    """

    at: Address
    repository: str
    digest: str
    tag: str = ""
    platform: str = ""
    type: str = IMAGE
    is_index: bool = False
    is_open: bool = True
    by_digest: bool = False

    @property
    def name(self) -> str:
        """Without what tells versions apart."""
        return f"{self.at.host}/{self.repository}"

    @property
    def reference(self) -> str:
        return self.digest if self.by_digest or not self.tag else self.tag

    @property
    def full(self) -> str:
        return f"{self.name}@{self.digest}" if self.reference == self.digest else f"{self.name}:{self.tag}"

    @property
    def is_plain(self) -> bool:
        """By HTTP: tools that trust no host by themselves have to be told."""
        return self.at.scheme == "http"

    @property
    def is_insecure(self) -> bool:
        """By HTTP, and not from this machine: every tool has to be told."""
        return self.at.needs_insecure_setting

    def plain(self, option: str) -> str:
        return f" {option}" if self.is_plain else ""

    def insecure(self, option: str) -> str:
        return f" {option}" if self.is_insecure else ""

    def of_platform(self, option: str = "--platform") -> str:
        return f" {option} {self.platform}" if self.is_index and _PLATFORM.fullmatch(self.platform) else ""


@dataclass(frozen=True, slots=True)
class Tool:
    """`name`: as a preference has it; `label`: as people call it; `sign_in`: the line that does, "" where another tool has to.

    `is_command`: the lines are typed into a shell, and are no part of a file.
    """

    name: str
    label: str
    sign_in: str
    lines: tuple[str, ...]
    is_command: bool = True

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def tools(wanted: Wanted) -> tuple[Tool, ...]:
    """Those that can do something with it, in the order people know them."""
    return tuple(_made(name, wanted) for name in _names(wanted.type))


def tool(wanted: Wanted, name: str) -> Tool:
    """The one of that name, or the first where that one can do nothing with it."""
    names = _names(wanted.type)
    return _made(name if name in names else names[0], wanted)


def _names(type_: str) -> tuple[str, ...]:
    if type_ == IMAGE:
        return tuple(name for name in TOOLS if name != "helm")
    if type_ == CHART:
        return ("helm", "oras", "skopeo", "cosign", "curl")
    return ("oras", "skopeo", "cosign", "curl")


def _made(name: str, wanted: Wanted) -> Tool:
    label, lines = TOOLS[name]
    sign_in = "" if wanted.is_open else _sign_in(name, wanted)
    return Tool(name, label, sign_in, lines(wanted), is_command=name not in FILES)


def _sign_in(name: str, wanted: Wanted) -> str:
    host = wanted.at.host
    told = {
        "docker": f"docker login {host}",
        "podman": f"podman login{wanted.plain('--tls-verify=false')} {host}",
        "nerdctl": f"nerdctl{wanted.insecure('--insecure-registry')} login {host}",
        "skopeo": f"skopeo login{wanted.plain('--tls-verify=false')} {host}",
        "helm": f"helm registry login{wanted.insecure('--plain-http')} {host}",
        "oras": f"oras login{wanted.insecure('--plain-http')} {host}",
        "cosign": f"cosign login {host}",
        "dockerfile": f"docker login {host}",
        "k8s": f"kubectl create secret docker-registry wharf --docker-server={host} "
        "--docker-username=USER --docker-password=SECRET",
    }
    return told.get(name, "")


def _pull(program: str, flag: str = "") -> Callable[[Wanted], tuple[str, ...]]:
    """`flag`: of a program that trusts plain HTTP not even from this machine."""

    def lines(wanted: Wanted) -> tuple[str, ...]:
        told = wanted.plain(flag) if flag else ""
        return (f"{program} pull{told}{wanted.of_platform()} {wanted.full}",)

    return lines


def _nerdctl(wanted: Wanted) -> tuple[str, ...]:
    return (f"nerdctl{wanted.insecure('--insecure-registry')} pull{wanted.of_platform()} {wanted.full}",)


def _crictl(wanted: Wanted) -> tuple[str, ...]:
    own = "" if wanted.is_open else " --creds USER:SECRET"
    return (f"crictl pull{own} {wanted.full}",)


def _ctr(wanted: Wanted) -> tuple[str, ...]:
    own = "" if wanted.is_open else " --user USER:SECRET"
    return (f"ctr images pull{wanted.insecure('--plain-http')}{own}{wanted.of_platform()} {wanted.full}",)


def _skopeo(wanted: Wanted) -> tuple[str, ...]:
    chosen = f" --override-arch {wanted.platform.split('/')[1]}" if wanted.of_platform() else ""
    kept = wanted.tag or "image"
    return (
        f"skopeo{chosen} inspect{wanted.plain('--tls-verify=false')} docker://{wanted.full}",
        f"skopeo{chosen} copy{wanted.plain('--src-tls-verify=false')} docker://{wanted.full} oci:{_last(wanted)}:{kept}",
    )


def _helm(wanted: Wanted) -> tuple[str, ...]:
    flag = wanted.insecure("--plain-http")
    if wanted.reference == wanted.digest:
        where = f"oci://{wanted.name}@{wanted.digest}"
        return (f"helm pull{flag} {where}", f"helm install{flag} {_last(wanted)} {where}")
    # A tag cannot have the "+" of a version: Helm writes "_" for it, and asks for the version.
    version = wanted.tag.replace("_", "+")
    where = f"oci://{wanted.name} --version {version}"
    return (f"helm pull{flag} {where}", f"helm install{flag} {_last(wanted)} {where}")


def _oras(wanted: Wanted) -> tuple[str, ...]:
    flag = wanted.insecure("--plain-http")
    manifest = f"oras manifest fetch{flag} --pretty {wanted.full}"
    if wanted.type == IMAGE:
        flag = wanted.insecure("--from-plain-http")
        kept = wanted.tag or "image"
        return (
            f"oras copy{flag}{wanted.of_platform()} {wanted.full} --to-oci-layout {_last(wanted)}:{kept}",
            manifest,
        )
    return (f"oras pull{flag} {wanted.full}", manifest)


def _kubernetes(wanted: Wanted) -> tuple[str, ...]:
    image = ("containers:", f"  - name: {_last(wanted)}", f"    image: {wanted.full}")
    return image if wanted.is_open else (*image, "imagePullSecrets:", "  - name: wharf")


def _dockerfile(wanted: Wanted) -> tuple[str, ...]:
    chosen = wanted.of_platform("--platform=").replace("= ", "=")
    return (f"FROM{chosen} {wanted.full}",)


def _cosign(wanted: Wanted) -> tuple[str, ...]:
    flag = wanted.insecure("--allow-http-registry")
    return (
        f"cosign verify{flag} --key cosign.pub {wanted.name}@{wanted.digest}",
        f"cosign tree{flag} {wanted.name}@{wanted.digest}",
    )


def _curl(wanted: Wanted) -> tuple[str, ...]:
    own = "" if wanted.is_open else "-u USER:SECRET "
    scope = f"scope=repository:{wanted.repository}:pull"
    token = f"{wanted.at.url}/service/token?service={SERVICE}&{scope}"
    url = f"{wanted.at.url}/v2/{wanted.repository}/manifests/{wanted.reference}"
    return (
        f"TOKEN=$(curl -fsS {own}'{token}' | jq -r .token)",
        f"curl -fsS -H \"Authorization: Bearer $TOKEN\" -H 'Accept: {ACCEPT[wanted.is_index]}' {url}",
    )


def _last(wanted: Wanted) -> str:
    return wanted.repository.rpartition("/")[2]


# Names of tools: the same in every language.
TOOLS: Final[dict[str, tuple[str, Callable[[Wanted], tuple[str, ...]]]]] = {
    "docker": ("docker", _pull("docker")),
    "podman": ("podman", _pull("podman", "--tls-verify=false")),
    "nerdctl": ("nerdctl", _nerdctl),
    "crictl": ("crictl", _crictl),
    "ctr": ("ctr", _ctr),
    "skopeo": ("skopeo", _skopeo),
    "helm": ("helm", _helm),
    "oras": ("oras", _oras),
    "k8s": ("k8s", _kubernetes),
    "dockerfile": ("Dockerfile", _dockerfile),
    "cosign": ("cosign", _cosign),
    "curl": ("curl", _curl),
}
FILES: Final = frozenset({"k8s", "dockerfile"})
PULLERS: Final = ("docker", "podman", "nerdctl", "crictl", "ctr")


def pull(wanted: Wanted, name: str) -> str:
    """The one line that pulls it, by the tool of that name, or by the best known where that one pulls nothing."""
    by = name if name in PULLERS else "docker"
    if wanted.type != IMAGE:
        by = _names(wanted.type)[0]
    _label, lines = TOOLS[by]
    return lines(wanted)[0]


def settings(at: Address) -> tuple[tuple[str, str, str], ...]:
    """Of a registry by plain HTTP: whose file, its path, and what has to stand in it, for each kind of client."""
    return (
        ("docker", "/etc/docker/daemon.json", f'{{ "insecure-registries": ["{at.host}"] }}'),
        (
            "containerd",
            f"/etc/containerd/certs.d/{at.host}/hosts.toml",
            f'server = "{at.url}"\n\n[host."{at.url}"]\n  capabilities = ["pull", "resolve"]',
        ),
        (
            "podman",
            "/etc/containers/registries.conf.d/wharf.conf",
            f'[[registry]]\nlocation = "{at.host}"\ninsecure = true',
        ),
    )
