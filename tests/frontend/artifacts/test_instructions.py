"""What builders write into the history, read back as lines of a Dockerfile."""

from __future__ import annotations

import time

import pytest

from frontend.sheets import texts
from frontend.sheets.instructions import broken, instruction

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('/bin/sh -c #(nop)  CMD ["bash"]', 'CMD ["bash"]'),
        ("/bin/sh -c #(nop) ADD file:abc in / ", "ADD file:abc in /"),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c make install # buildkit", "RUN make install"),
        ("RUN |2 A=1 B=two words /bin/sh -c make # buildkit", "RUN make"),
        ("|1 VERSION=3 /bin/sh -c curl x", "RUN curl x"),
        ("COPY dist/ /app # buildkit", "COPY dist/ /app"),
        ("cmd /S /C dir", "RUN dir"),
        ("EXPOSE map[8080/tcp:{} 9090/udp:{}]", "EXPOSE 8080/tcp 9090/udp"),
        ('ENTRYPOINT ["tini" "--" "serve"]', 'ENTRYPOINT ["tini", "--", "serve"]'),
        ("bazel build ...", "bazel build ..."),
        ("", ""),
    ],
)
def test_an_instruction_is_what_was_in_the_dockerfile(written: str, read: str) -> None:
    assert instruction(written).text == read


def test_a_long_chain_is_written_on_several_lines() -> None:
    assert broken(instruction("RUN apt-get update && apt-get install -y " + "x" * 80)).count("\\\n && ") == 1


@pytest.mark.parametrize(
    "text", [" " * 16_000, "RUN |1 " + "A=1 " * 4_000, "# buildkit" * 1_600, "&&" + " " * 16_000]
)
def test_nothing_that_somebody_pushed_takes_long_to_read(text: str) -> None:
    began = time.process_time()
    broken(instruction(text))
    assert time.process_time() - began < 0.2


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "//host/x",
        "https://",
        "data:text/html,x",
        "http://a b",
        "https://a/\nb",
        "ftp://x",
        "http://[",
    ],
)
def test_an_address_that_is_none_of_the_web_is_no_link(text: str) -> None:
    assert texts.web_address(text) == ""


def test_a_revision_leads_to_its_source_and_secrets_are_marked() -> None:
    source = "https://git.example/a.git"
    said = {"org.opencontainers.image.source": source, "org.opencontainers.image.revision": "0123abc"}
    links = {pair.name.rpartition(".")[2]: pair.href for pair in texts.pairs(said)}
    assert links == {"source": source, "revision": "https://git.example/a/commit/0123abc"}
    marked = {
        pair.name: pair.is_secret for pair in texts.variables(["DB_PASSWORD=x", "API_TOKEN=", "PATH=/bin", 7])
    }
    assert marked == {"DB_PASSWORD": True, "API_TOKEN": False, "PATH": False}


def test_halves_of_characters_are_replaced() -> None:
    assert texts.readable("a\ud800\x00b") == "a\ufffd\ufffdb"
