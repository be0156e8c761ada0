"""The pages in Chinese: nothing forgotten, nothing guessed, and no text in a template that nobody can translate."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.utils import translation

from frontend import translations
from tests.conftest import find_tool
from tests.frontend import translating

TEMPLATES = sorted((translating.FRONTEND / "templates").rglob("*.html"))
# Names, and what programs read: in every language the same.
SAME = {"Wharf", "UTC"}
SPOKEN = re.compile(r'\b(?:aria-label|title|placeholder|alt)="([^"]*)"')
CODE = re.compile(
    r"\{%\s*block \w+_class\s*%\}.*?endblock\s*%\}|"
    r"\{%\s*blocktranslate.*?endblocktranslate\s*%\}|\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}",
    re.DOTALL,
)
COMMENT = re.compile(r"\{%\s*comment.*?endcomment\s*%\}", re.DOTALL)
HAN = re.compile(r"[\u4e00-\u9fff]")
# The glossary: whoever translates may not choose.
FIXED = {
    "Projects": "项目",
    "Repositories": "镜像仓库",
    "Digest": "摘要",
    "Members": "成员",
    "Robots": "机器人账户",
    "Retention": "保留策略",
    "Quota": "配额",
    "Garbage collection": "垃圾回收",
    "Replication": "复制",
    "Audit": "审计",
    "Pull": "拉取",
    "Tags": "标签",
    "Labels": "标记",
}


@pytest.fixture(scope="module")
def committed() -> polib.POFile:
    return polib.pofile(str(translating.FRONTEND / translating.FILE))


def test_every_text_is_translated_and_every_translation_is_needed():
    find_tool("xgettext", translating.INSTALL)
    assert translating.complaints(translating.extracted()) == []


def literal(text: str) -> list[str]:
    """Words of a template that stand outside what is translated."""
    bare = CODE.sub("", COMMENT.sub("", text))
    spoken = SPOKEN.findall(bare)
    shown = re.sub(r"<!--.*?-->|<[^>]*>", " ", bare, flags=re.DOTALL)
    words = re.findall(r"[A-Za-z]{2,}", " ".join([shown, *spoken]))
    return [word for word in words if word not in SAME]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_words_that_nobody_can_translate(path: Path):
    assert literal(path.read_text()) == []


def test_words_outside_are_found():
    assert literal('<p aria-label="Close it">Hello {% translate "world" %}</p>') == ["Hello", "Close", "it"]


def test_the_words_of_the_domain_are_those_of_the_glossary(committed: polib.POFile):
    said = {entry.msgid: entry.msgstr for entry in committed if not entry.msgctxt}
    assert {name: said[name] for name in FIXED if name in said} == {
        name: FIXED[name] for name in FIXED if name in said
    }
    assert len(FIXED.keys() & said.keys()) > 8


def test_chinese_is_written_with_its_own_marks_and_a_space_beside_latin(committed: polib.POFile):
    for entry in committed:
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            bare = re.sub(r"<[^>]*>|%\(\w+\)s|%%", "", text)
            assert not re.search(rf"{HAN.pattern}[,;:?!]|{HAN.pattern}\.(\s|$)", bare), text
            assert not re.search(rf"{HAN.pattern}[A-Za-z]|[A-Za-z]{HAN.pattern}", bare), text


def test_what_other_applications_call_a_thing_does_not_stand_on_our_pages(committed: polib.POFile):
    said = {entry.msgid: entry.msgstr for entry in committed if not entry.msgctxt}
    with translation.override("zh-hans"):
        assert {name: translation.gettext(name) for name in ("Name", "Description")} == {
            name: said[name] for name in ("Name", "Description")
        }


def test_placeholders_are_the_same_on_both_sides(committed: polib.POFile):
    for entry in committed:
        wanted = set(re.findall(r"%\(\w+\)s", entry.msgid + entry.msgid_plural))
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            assert not text or set(re.findall(r"%\(\w+\)s", text)) == wanted, entry.msgid


def test_what_is_compiled_is_compiled_again_when_its_source_is_younger(tmp_path: Path):
    source = tmp_path / "xx/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)
    file = polib.POFile()
    file.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    file.append(polib.POEntry(msgid="Home", msgstr="首页"))
    file.save(str(source))
    made = translations.compile_all(tmp_path)
    assert [each.name for each in made] == ["django.mo"]
    assert translations.compile_all(tmp_path) == []
    assert [(each.msgid, each.msgstr) for each in polib.mofile(str(made[0]))] == [("Home", "首页")]
