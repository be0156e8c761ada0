"""How programs are set up for this registry: commands and files, with its own name in them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from frontend.hosts import Address


@dataclass(frozen=True, slots=True)
class Setup:
    """`tool`: its name. `text`: what to copy; `told`: a sentence before it."""

    name: str
    tool: str
    told: str | Promise
    text: str


def setups(here: Address) -> tuple[Setup, ...]:
    """Of the tools that people ask about."""
    host = here.host
    plain = here.scheme == "http"
    return (
        Setup("docker", "Docker", _("Log in once; then pull and push."), _docker(host)),
        Setup("podman", "Podman", _("The commands are the same."), _podman(host, plain=plain)),
        Setup(
            "containerd",
            "containerd",
            _("A file for each registry, in /etc/containerd/certs.d."),
            _containerd(here),
        ),
        Setup("nerdctl", "nerdctl", _("As with Docker, on machines that run containerd."), _nerdctl(host, plain=plain)),
        Setup("helm", "Helm", _("Charts are OCI artifacts: no repository has to be added."), _helm(host, plain=plain)),
        Setup("oras", "ORAS", _("For files of any kind."), _oras(host, plain=plain)),
        Setup("k8s", "Kubernetes", _("A secret for the pods of a namespace. Best of a robot account."), _k8s(host)),
    )  # fmt: skip


def sign_ins(here: Address, user: str) -> tuple[tuple[str, str], ...]:
    """(tool, the command that signs it in); `user` as a shell takes it. Each asks for the secret."""
    tls, http = (" --tls-verify=false", " --plain-http") if here.scheme == "http" else ("", "")
    return (
        ("Docker", f"docker login {here.host} -u {user}"),
        ("Podman", f"podman login{tls} {here.host} -u {user}"),
        ("Helm", f"helm registry login{http} {here.host} -u {user}"),
        ("ORAS", f"oras login{http} {here.host} -u {user}"),
    )


def insecure(here: Address) -> str:
    """What Docker needs for plain HTTP."""
    return f'{{ "insecure-registries": ["{here.host}"] }}'


def _docker(host: str) -> str:
    return f"docker login {host}\ndocker pull {host}/PROJECT/REPOSITORY:TAG\ndocker push {host}/PROJECT/REPOSITORY:TAG"


def _podman(host: str, *, plain: bool) -> str:
    option = " --tls-verify=false" if plain else ""
    return (
        f"podman login{option} {host}\npodman pull{option} {host}/PROJECT/REPOSITORY:TAG\n"
        f"podman push{option} {host}/PROJECT/REPOSITORY:TAG"
    )


def _containerd(here: Address) -> str:
    return (
        f'# /etc/containerd/certs.d/{here.host}/hosts.toml\nserver = "{here.url}"\n\n'
        f'[host."{here.url}"]\n  capabilities = ["pull", "resolve", "push"]'
    )


def _nerdctl(host: str, *, plain: bool) -> str:
    option = " --insecure-registry" if plain else ""
    return f"nerdctl{option} login {host}\nnerdctl{option} pull {host}/PROJECT/REPOSITORY:TAG"


def _helm(host: str, *, plain: bool) -> str:
    option = " --plain-http" if plain else ""
    return (
        f"helm registry login{option} {host}\nhelm push{option} CHART-1.0.0.tgz oci://{host}/PROJECT\n"
        f"helm pull{option} oci://{host}/PROJECT/CHART --version 1.0.0"
    )


def _oras(host: str, *, plain: bool) -> str:
    option = " --plain-http" if plain else ""
    return (
        f"oras login{option} {host}\noras push{option} {host}/PROJECT/REPOSITORY:TAG FILE:text/plain\n"
        f"oras pull{option} {host}/PROJECT/REPOSITORY:TAG"
    )


def _k8s(host: str) -> str:
    return (
        f"kubectl create secret docker-registry wharf --docker-server={host} \\\n"
        "  --docker-username='robot$PROJECT+NAME' --docker-password=SECRET\n"
        """kubectl patch serviceaccount default -p '{"imagePullSecrets": [{"name": "wharf"}]}'"""
    )
