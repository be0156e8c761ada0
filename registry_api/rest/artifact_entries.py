"""The names and types of what `artifact_shapes` writes, for the OpenAPI document; a test holds the two together."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from registry_api.rest.artifact_shapes import NEVER

Shown = dict[str, Any]
PULLED = f"{NEVER} for never."


class TagEntry(serializers.Serializer[Shown]):
    id = serializers.IntegerField()
    repository_id = serializers.IntegerField()
    artifact_id = serializers.IntegerField()
    name = serializers.CharField()
    push_time = serializers.DateTimeField()
    pull_time = serializers.DateTimeField(help_text=PULLED)
    immutable = serializers.BooleanField(help_text="Always false unless with_immutable_status is true.")


class AccessoryEntry(serializers.Serializer[Shown]):
    id = serializers.IntegerField()
    artifact_id = serializers.IntegerField()
    subject_artifact_id = serializers.IntegerField()
    subject_artifact_digest = serializers.CharField()
    subject_artifact_repo = serializers.CharField()
    size = serializers.IntegerField()
    digest = serializers.CharField()
    type = serializers.CharField(
        help_text="signature.cosign, signature.notation, sbom.harbor, attestation, accelerator.nydus or subject.accessory."
    )
    icon = serializers.CharField(help_text="The digest of a picture, see /icons/{digest}.")
    creation_time = serializers.DateTimeField()


class WornLabel(serializers.Serializer[Shown]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    color = serializers.CharField()
    scope = serializers.CharField(help_text="g for all projects, p for one.")
    project_id = serializers.IntegerField(help_text="0 for all projects.")
    creation_time = serializers.DateTimeField()
    update_time = serializers.DateTimeField()


class PlatformEntry(serializers.Serializer[Shown]):
    architecture = serializers.CharField()
    os = serializers.CharField()
    variant = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """And Harbor's two names with quotes in them, which Python has no way to write as attributes."""
        features = serializers.ListField(child=serializers.CharField(), allow_null=True)
        return {**super().get_fields(), "'os.version'": serializers.CharField(), "'os.features'": features}


class ReferenceEntry(serializers.Serializer[Shown]):
    parent_id = serializers.IntegerField()
    child_id = serializers.IntegerField(allow_null=True, help_text="Null while the manifest is not there.")
    child_digest = serializers.CharField()
    platform = PlatformEntry()
    annotations = serializers.DictField(child=serializers.CharField(), allow_null=True)
    urls = serializers.ListField(child=serializers.CharField(), allow_null=True)


class AdditionLink(serializers.Serializer[Shown]):
    href = serializers.CharField()
    absolute = serializers.BooleanField()


class ArtifactEntry(serializers.Serializer[Shown]):
    """What was not asked for is null, and so is an empty list of what was."""

    id = serializers.IntegerField()
    type = serializers.CharField(help_text="IMAGE, CHART, CNAB, WASM, another word, or UNKNOWN.")
    media_type = serializers.CharField(help_text="The config's; an index's own.")
    manifest_media_type = serializers.CharField()
    artifact_type = serializers.CharField()
    project_id = serializers.IntegerField()
    repository_id = serializers.IntegerField()
    repository_name = serializers.CharField()
    digest = serializers.CharField()
    size = serializers.IntegerField(help_text="Bytes a client transfers for config and layers.")
    icon = serializers.CharField(help_text="The digest of a picture, see /icons/{digest}.")
    push_time = serializers.DateTimeField()
    pull_time = serializers.DateTimeField(help_text=PULLED)
    extra_attrs = serializers.DictField(
        help_text="Of an image architecture, author, config, created and os; of others the config document."
    )
    annotations = serializers.DictField(child=serializers.CharField(), allow_null=True)
    references = ReferenceEntry(many=True, allow_null=True)
    tags = TagEntry(many=True, allow_null=True, help_text="The newest thousand; all of them are at …/tags.")
    labels = WornLabel(many=True, allow_null=True)
    accessories = AccessoryEntry(many=True, allow_null=True)
    addition_links = serializers.DictField(child=AdditionLink())


class HistoryEntry(serializers.Serializer[Shown]):
    created = serializers.DateTimeField()
    created_by = serializers.CharField()
    author = serializers.CharField()
    comment = serializers.CharField()
    empty_layer = serializers.BooleanField()
