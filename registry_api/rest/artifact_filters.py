"""What lists of artifacts can be filtered by beside plain columns: tags, labels, digest, type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from django.db.models import Exists, OuterRef, Q

from artifacts.models import Artifact, ArtifactLabel
from artifacts.models import Tag as TagRow
from core.errors import InvalidInput
from core.oci.artifact_type import ANY_NAMED, CONFIGS, IMAGE, UNKNOWN, WORD, config_pattern
from core.oci.digest import Digest
from core.oci.media_types import IMAGE_CONFIGS
from registry_api.rest.artifact_shapes import KINDS
from registry_api.rest.filters import Match, Number, Term, Text

TAGGED, UNTAGGED = "*", "nil"
STORED = {said: stored for stored, said in KINDS.items()}


@dataclass(frozen=True, slots=True)
class Tags:
    """`tags=*` has some, `tags=nil` has none; any other term is about the name of one."""

    def condition(self, term: Term) -> Q:
        mine = TagRow.objects.filter(artifact_id=OuterRef("pk"))
        if term.match is Match.EXACT and term.values[0] == TAGGED:
            return Q(Exists(mine))
        if term.match is Match.EXACT and term.values[0] == UNTAGGED:
            return ~Q(Exists(mine))
        if term.match is Match.ALL:
            return reduce(and_, (Q(Exists(mine.filter(name=name))) for name in term.values))
        return Q(Exists(mine.filter(Text("name").condition(term))))


@dataclass(frozen=True, slots=True)
class Labels:
    """By the ids of labels: `labels=(1 2)` has all, `labels={1 2}` any."""

    def condition(self, term: Term) -> Q:
        if term.match not in (Match.EXACT, Match.ANY, Match.ALL):
            raise InvalidInput("q: labels are ids: labels=1, labels={1 2} or labels=(1 2)")
        worn = ArtifactLabel.objects.filter(artifact_id=OuterRef("pk"))
        each = [
            Q(Exists(worn.filter(Number("label_id").condition(Term(term.name, Match.EXACT, (text,))))))
            for text in term.values
        ]
        return reduce(or_ if term.match is Match.ANY else and_, each)


@dataclass(frozen=True, slots=True)
class Digests:
    """Whole digests."""

    def condition(self, term: Term) -> Q:
        if term.match not in (Match.EXACT, Match.ANY):
            raise InvalidInput("q: digest is a whole one, or {any of several}")
        return Q(digest__in=[Digest.parse(text).raw for text in term.values])


@dataclass(frozen=True, slots=True)
class Types:
    """The words artifacts are called by (`core.oci.artifact_type`), in any case of letters."""

    def condition(self, term: Term) -> Q:
        if term.match not in (Match.EXACT, Match.ANY):
            raise InvalidInput("q: type is a word like IMAGE, or {any of several}")
        return reduce(or_, (_called(text.upper()) for text in term.values))


@dataclass(frozen=True, slots=True)
class Kinds:
    """What an accessory is to its subject, in Harbor's words."""

    def condition(self, term: Term) -> Q:
        values = tuple(STORED.get(text, text) for text in term.values)
        return Text("kind").condition(Term(term.name, term.match, values))


def _called(word: str) -> Q:
    if not WORD.fullmatch(word):
        raise InvalidInput("q: type is a word like IMAGE, CHART, CNAB or WASM")
    if word == IMAGE:
        return Q(kind=Artifact.Kind.INDEX) | Q(config_type__in=sorted(IMAGE_CONFIGS))
    if word == UNKNOWN:
        nobody = Q(config_type__in=[*CONFIGS, *IMAGE_CONFIGS]) | Q(config_type__iregex=ANY_NAMED)
        return Q(kind=Artifact.Kind.IMAGE) & ~nobody
    known = [config for config, called in CONFIGS.items() if called == word]
    named = Q(config_type__iregex=config_pattern(word)) & ~Q(config_type__in=list(CONFIGS))
    return Q(kind=Artifact.Kind.IMAGE) & (Q(config_type__in=known) | named)
