"""What teams really keep in a registry, small: applications on a base image, a chart, a module, what signs and describes."""

from __future__ import annotations

import gzip
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.images import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST, Content, Image, artifact, encode, sha256, tar

# A line of a history, and how many bytes its layer has: None for one that changes no file.
Step = tuple[str, int | None]

_PYTHON: Final = (
    "RUN /bin/sh -c set -eux; wget -O python.tar.xz https://python.example/3.12.4.tar.xz; mkdir -p /usr/src/python; "
    "tar --extract --directory /usr/src/python --strip-components=1 --file python.tar.xz; ./configure --enable-shared "
    '--with-lto --with-ensurepip; make -j "$(nproc)"; make install; ldconfig # buildkit'
)
BASE: Final[tuple[Step, ...]] = (
    ("ADD rootfs.tar.xz / # buildkit", 282_000),
    ('CMD ["bash"]', None),
    ("ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/bin", None),
    ("RUN /bin/sh -c apt-get update && apt-get install -y ca-certificates netbase tzdata # buildkit", 33_400),
    (
        _PYTHON,
        129_000,
    ),
    ("RUN /bin/sh -c ln -s idle3 idle && ln -s python3 python # buildkit", 249),
)
OWN: Final[tuple[Step, ...]] = (
    ("WORKDIR /app", 93),
    ("ENV PYTHONUNBUFFERED=1", None),
    ("RUN /bin/sh -c groupadd -r app && useradd -r -g app -d /app app # buildkit", 1_530),
    (
        "RUN /bin/sh -c apt-get update && apt-get install -y --no-install-recommends libpq5 tini && apt-get clean",
        41_700,
    ),
    ("COPY requirements.txt /app/ # buildkit", 1_940),
    ("RUN /bin/sh -c pip install --no-cache-dir --require-hashes -r requirements.txt # buildkit", 179_000),
    ("COPY dist/ /app/ # buildkit", 121_000),
    ("EXPOSE map[8080/tcp:{}]", None),
    ("USER app", None),
    ('ENTRYPOINT ["tini" "--" "/usr/local/bin/entrypoint.sh"]', None),
    ('CMD ["serve"]', None),
)
RUNNING: Final = {
    "User": "app",
    "WorkingDir": "/app",
    "Entrypoint": ["tini", "--", "/usr/local/bin/entrypoint.sh"],
    "Cmd": ["serve", "--workers=4"],
    "ExposedPorts": {"8080/tcp": {}, "9090/tcp": {}},
    "Volumes": {"/var/lib/app": {}},
    "StopSignal": "SIGTERM",
}


def _bytes(seed: str, size: int) -> bytes:
    """The same noise for the same words, so that layers are shared where their words are the same."""
    return random.Random(seed).randbytes(size)


def _layer(seed: str, size: int) -> tuple[Content, bytes]:
    files = tar({"data": _bytes(seed, size)})
    return Content(OCI_LAYER, gzip.compress(files, mtime=0)), files


def built(
    steps: Sequence[tuple[Step, str]],
    *,
    architecture: str,
    at: datetime,
    config: Mapping[str, object],
    annotations: Mapping[str, str] | None = None,
) -> Image:
    """An image of these steps, each with the words its bytes come from."""
    made = [_layer(f"{seed}{command}", size) for (command, size), seed in steps if size is not None]
    history = [
        {
            "created": (at - timedelta(minutes=len(steps) - number)).isoformat(),
            "created_by": command,
            **({} if size is not None else {"empty_layer": True}),
        }
        for number, ((command, size), _seed) in enumerate(steps)
    ]
    document = {
        "created": at.isoformat(),
        "author": "Platform engineering <platform@corp.example>",
        "os": "linux",
        "architecture": architecture,
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [sha256(files) for _layer, files in made]},
        "history": history,
    }
    told = Content(OCI_CONFIG, encode(document))
    layers = tuple(layer for layer, _files in made)
    manifest: dict[str, object] = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": told.descriptor(),
        "layers": [layer.descriptor() for layer in layers],
        "annotations": dict(annotations or {}),
    }
    platform = {"os": "linux", "architecture": architecture}
    return Image(Content(OCI_MANIFEST, encode(manifest)), told, layers, (), platform)


def base(architecture: str, at: datetime) -> Image:
    """What applications stand on."""
    return built([(step, architecture) for step in BASE], architecture=architecture, at=at, config={})


def application(version: str, architecture: str, at: datetime, *, on: str = "") -> Image:
    """An application of that version; `on`: the digest of its base image."""
    environment = [
        "PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/bin",
        "PYTHONUNBUFFERED=1",
        f"APP_VERSION={version}",
        "DATABASE_PASSWORD=not-for-your-eyes",
        "API_TOKEN=nor-this-one",
        "JAVA_OPTS=-XX:MaxRAMPercentage=75 -XX:+UseG1GC -Dfile.encoding=UTF-8 -Dcom.example.feature.flags=everything,and,more",
    ]
    annotations = {
        "org.opencontainers.image.title": "api",
        "org.opencontainers.image.version": version,
        "org.opencontainers.image.source": "https://git.corp.example/team/api",
        "org.opencontainers.image.revision": sha256(version.encode())[7:47],
        "org.opencontainers.image.licenses": "Apache-2.0",
        "org.opencontainers.image.base.name": "library/python:3.12-slim-bookworm",
        "org.opencontainers.image.base.digest": on,
    }
    kept = {"requirements.txt", "pip install"}
    steps = [(step, architecture) for step in BASE]
    for step in OWN:
        is_kept = step[1] is None or any(words in step[0] for words in kept) or "COPY" not in step[0]
        steps.append((step, architecture if is_kept else f"{architecture}{version}"))
    config = RUNNING | {"Env": environment, "Labels": annotations}
    return built(steps, architecture=architecture, at=at, config=config, annotations=annotations)


def chart(version: str) -> Image:
    """A Helm chart."""
    config = encode(
        {
            "apiVersion": "v2",
            "name": "platform",
            "version": version,
            "appVersion": "1.11.0",
            "description": "The application platform: API, web and workers.",
            "maintainers": [{"name": "Platform engineering", "email": "platform@corp.example"}],
            "dependencies": [
                {"name": "postgresql", "version": "15.2.0", "repository": "oci://charts.example"}
            ],
        }
    )
    readme = b"# platform\n\nThe application platform.\n\n## Install\n\n    helm install platform oci://charts.example/platform\n"
    values = b"replicas: 3\nimage:\n  tag: 1.11.0\n"
    files = {"platform/Chart.yaml": config, "platform/README.md": readme, "platform/values.yaml": values}
    return _single(
        "application/vnd.cncf.helm.config.v1+json",
        config,
        "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
        gzip.compress(tar(files), mtime=0),
    )


def module(version: str) -> Image:
    """A WebAssembly module."""
    config = encode(
        {"architecture": "wasm", "os": "wasip1", "layerDigests": [], "created": "2026-10-01T08:00:00Z"}
    )
    return _single(
        "application/vnd.wasm.config.v0+json", config, "application/wasm", b"\0asm" + _bytes(version, 9_400)
    )


def signature(of: Image) -> Image:
    """What cosign writes beside an image."""
    kind = "application/vnd.dev.cosign.artifact.sig.v1+json"
    return artifact(b'{"critical":{"identity":"ci@corp.example"}}', artifact_type=kind, subject=of.manifest)


def bill(of: Image) -> Image:
    """What is in an image, as SPDX."""
    told = {"org.opencontainers.image.created": datetime(2026, 11, 1, tzinfo=UTC).isoformat()}
    return artifact(
        _bytes("spdx", 14_000), artifact_type="application/spdx+json", subject=of.manifest, annotations=told
    )


def _single(config_type: str, config: bytes, layer_type: str, data: bytes) -> Image:
    told, layer = Content(config_type, config), Content(layer_type, data)
    document = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": told.descriptor(),
        "layers": [layer.descriptor()],
    }
    return Image(Content(OCI_MANIFEST, encode(document)), told, (layer,))
