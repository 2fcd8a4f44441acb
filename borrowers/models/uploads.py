"""Files that people send in to be imported, with the mapping as it stands."""

import uuid

from django.conf import settings
from django.db import models

from borrowers.models.imports import ImportRun
from creditpath.jobs.models import Job


class UploadQuerySet(models.QuerySet["Upload"]):
    def imported(self) -> "UploadQuerySet":
        return self.filter(stage=Upload.Stage.DONE)

    def alike(self, upload: "Upload") -> "UploadQuerySet":
        """Imported uploads whose tables have the same columns, the latest first: their mapping fits."""
        return self.imported().filter(layout=upload.layout).exclude(pk=upload.pk).order_by("-pk")


class Upload(models.Model):
    """One or several files on their way from a person into the books."""

    class Stage(models.TextChoices):
        LOOKING = "looking", "being looked at"
        MAPPING = "mapping", "to be mapped"
        CHECKING = "checking", "being checked"
        CHECKED = "checked", "checked"
        IMPORTING = "importing", "being imported"
        DONE = "done", "imported"
        REFUSED = "refused", "cannot be read"

    key = models.UUIDField(unique=True, default=uuid.uuid4, editable=False, help_text="Names the folder of the files.")
    name = models.CharField(max_length=300, help_text="The files as their sender named them.")
    files = models.JSONField(default=list, help_text="Each file's name and size.")
    n_bytes = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    layout = models.CharField(max_length=64, blank=True, help_text="What the tables and their columns are, as a hash.")
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.LOOKING)
    draft = models.JSONField(default=dict, help_text="What was recognised, and what people chose.")
    mapping = models.TextField(blank=True)
    is_hand_written = models.BooleanField(default=False, help_text="The mapping was edited as text.")
    remembered_from = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)
    check_report = models.JSONField(default=dict, help_text="What a dry run said.")
    findings = models.JSONField(default=dict, help_text="Counts of the data report by severity.")
    team = models.ForeignKey("accounts.Team", on_delete=models.SET_NULL, null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was imported with many rejected rows.")
    error = models.TextField(blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True)
    run = models.OneToOneField(ImportRun, on_delete=models.SET_NULL, null=True, blank=True, related_name="upload")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="uploads")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    stage__in=["looking", "mapping", "checking", "checked", "importing", "done", "refused"]
                ),
                name="upload_stage_is_known",
            )
        ]
        indexes = [models.Index(fields=["layout", "-id"], name="upload_layout_idx")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_at_work(self) -> bool:
        return self.stage in (self.Stage.LOOKING, self.Stage.CHECKING, self.Stage.IMPORTING)
