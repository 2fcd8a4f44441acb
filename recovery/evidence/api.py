"""Evidence packs over REST: who takes one is logged, as on the page."""

from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from borrowers.models import Borrower
from creditpath.exports.models import ExportRun
from creditpath.resources import MAX_ID, ObjectField, ResourceSchema, StrictParametersMixin
from recovery.evidence.packing import FORMAT, Pack, take_pack


class EvidenceEventSerializer(serializers.Serializer[Any]):
    """One event of the chain; digests in hex."""

    number = serializers.IntegerField()
    source = serializers.CharField()  # type: ignore[assignment]
    source_id = serializers.IntegerField()
    happened_at = serializers.DateTimeField()
    facts = ObjectField(allow_null=True)
    texts = ObjectField(allow_null=True, help_text="Personal text; null where there is none or it was erased.")
    is_erased = serializers.BooleanField()
    salt = serializers.CharField(allow_null=True)
    facts_sha256 = serializers.CharField()
    texts_sha256 = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField()


class EvidenceChainSerializer(serializers.Serializer[Any]):
    length = serializers.IntegerField()
    sha256 = serializers.CharField(help_text="The digest at its end.")
    breaks = serializers.ListField(child=serializers.CharField(), help_text="Empty: it is whole.")


class EvidencePackSerializer(serializers.Serializer[Any]):
    """What docs/check_evidence.py checks without the product."""

    format = serializers.ChoiceField([FORMAT])
    borrower = ObjectField()
    made_at = serializers.DateTimeField()
    made_by = serializers.CharField()
    business_date = serializers.DateField()
    keeping = ObjectField()
    chain = EvidenceChainSerializer()
    events = EvidenceEventSerializer(many=True)
    people = ObjectField(help_text="Names by the numbers in the facts.")
    loans = serializers.ListField(child=ObjectField())
    payments = serializers.ListField(child=ObjectField())


class PdfRenderer(BaseRenderer):
    """Lets a client accept a PDF alone; what is wrong is said in JSON to it too."""

    media_type, format, charset = "application/pdf", "pdf", None

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return data


class _PackView(StrictParametersMixin, APIView):
    schema = ResourceSchema()

    def take(self, request: Request, pk: int, form: str) -> Pack:
        """Seal what is not sealed yet, build the pack of a borrower and log who took it."""
        people = Borrower.objects.visible_to(request.user).select_related("team")  # type: ignore[arg-type]
        borrower = people.filter(pk=pk).first() if pk <= MAX_ID else None
        if borrower is None:
            raise Http404
        return take_pack(borrower=borrower, form=form, taken_by=request.user)  # type: ignore[arg-type]


class EvidencePackView(_PackView):
    """The pack of a borrower as JSON."""

    @extend_schema(responses={200: EvidencePackSerializer}, filters=False)
    def get(self, request: Request, pk: int) -> Response:
        """Take a borrower's evidence pack: every event sealed, with its row and what checks it."""
        return Response(self.take(request, pk, ExportRun.Form.JSON).as_json())


class EvidencePdfView(_PackView):
    """The pack of a borrower as PDF."""

    renderer_classes = [JSONRenderer, PdfRenderer]

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY}, filters=False)
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Take a borrower's evidence pack as a PDF."""
        from recovery.evidence.printing import write_pdf  # takes a while to load, and few ask for it

        pack = self.take(request, pk, ExportRun.Form.PDF)
        headers = {"Content-Disposition": f'attachment; filename="{pack.file_name}.pdf"'}
        return HttpResponse(write_pdf(pack), content_type="application/pdf", headers=headers)

    def handle_exception(self, exc: Exception) -> Response:
        """Say in JSON what is wrong, whatever the client accepts."""
        self.request.accepted_renderer, self.request.accepted_media_type = JSONRenderer(), JSONRenderer.media_type
        return super().handle_exception(exc)
