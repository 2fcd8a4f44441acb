"""Where telephone systems and SMS providers tell what happened. Open to the net, closed to whoever does not sign."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from borrowers.models import ContactEvent
from creditpath.resources import ResourceSchema, StrictSerializer
from creditpath.signatures import check_signature
from recovery.outreach.call_events import take_call_event, take_inbound_message
from recovery.outreach.dialler_results import OUTCOMES, find_entry

RESULT = ("outcome", "happened_at", "is_connected", "talk_minutes", "wrap_up_minutes", "note")
MINUTES: dict[str, Any] = {"required": False, "min_value": 0, "max_digits": 6, "decimal_places": 2}


class CallEventSerializer(StrictSerializer):
    id = serializers.CharField(max_length=120, help_text="The sender's own; the same one is taken once.")
    kind = serializers.ChoiceField(["dialled", "connected", "ended"])
    happened_at = serializers.DateTimeField()
    reference = serializers.CharField(required=False, max_length=30, help_text="Of a dialler file, such as CP-12.")
    outcome = serializers.ChoiceField(
        ContactEvent.Outcome.choices, required=False, help_text="Of a call that ended: it is then recorded."
    )
    is_connected = serializers.BooleanField(required=False)
    talk_minutes = serializers.DecimalField(**MINUTES)
    wrap_up_minutes = serializers.DecimalField(**MINUTES)
    note = serializers.CharField(required=False, allow_blank=True, max_length=4000)

    def validate_reference(self, value: str) -> str:
        """Refuse a reference that is none of ours."""
        if value and find_entry(value) is None:
            raise serializers.ValidationError("This is no reference of a dialler file of ours.")
        return value

    def validate_outcome(self, value: str) -> str:
        """Refuse what a call of a dialler does not end with."""
        if value not in OUTCOMES:
            raise serializers.ValidationError("A promise is entered on the page of the borrower.")
        return value


class TakenSerializer(serializers.Serializer[Any]):
    """What was done with an event."""

    is_repeat = serializers.BooleanField()
    action = serializers.IntegerField(allow_null=True, help_text="The contact that was recorded.")


class InboundMessageSerializer(StrictSerializer):
    id = serializers.CharField(max_length=120)
    sender = serializers.CharField(max_length=40, help_text="The number that wrote.")
    text = serializers.CharField(allow_blank=True, max_length=4000)


class MessageTakenSerializer(serializers.Serializer[Any]):
    """What was done with a message."""

    is_repeat = serializers.BooleanField()
    opted_out = serializers.IntegerField(help_text="Contact points for which consent was withdrawn.")


class SignedView(APIView):
    """Take a POST whose body is signed with one of EVENT_SECRETS; see creditpath.signatures."""

    schema = ResourceSchema()
    authentication_classes = ()
    throttle_classes = ()  # a busy switch tells of many calls; an unsigned event costs one hash

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check the signature over the bytes as they came, before anything reads them."""
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            check_signature(
                request._request.body, timestamp=request.headers.get("X-Event-Timestamp", ""),
                signature=request.headers.get("X-Event-Signature", ""), secrets=settings.EVENT_SECRETS, now=timezone.now(),
            )  # fmt: skip


class CallEventView(SignedView):
    """Events of calls."""

    @extend_schema(request=CallEventSerializer, responses={200: TakenSerializer, 201: TakenSerializer}, auth=[])
    def post(self, request: Request) -> Response:
        """Take an event; one that ended a call of a dialler file is recorded as the contact it was."""
        entered = CallEventSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        values = entered.validated_data
        result = {name: values[name] for name in RESULT if name in values}
        event, is_new = take_call_event(
            event_id=values["id"], kind=values["kind"], body=dict(entered.initial_data), result=result
        )
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response({"is_repeat": not is_new, "action": event.contact_event_id}, status=code)


class InboundMessageView(SignedView):
    """Messages that borrowers send."""

    @extend_schema(
        request=InboundMessageSerializer, responses={200: MessageTakenSerializer, 201: MessageTakenSerializer}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Take a message; STOP and its like end text messages to that number at once."""
        entered = InboundMessageSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        values = entered.validated_data
        row, is_new = take_inbound_message(
            message_id=values["id"], sender=values["sender"], text=values["text"], body=dict(entered.initial_data)
        )
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response({"is_repeat": not is_new, "opted_out": row.n_opted_out}, status=code)
