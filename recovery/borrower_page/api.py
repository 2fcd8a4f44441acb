"""Where the provider of payments tells what became of them. Open to the net, closed to whoever does not sign."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from creditpath.resources import StrictSerializer
from recovery.borrower_page.paying import take_payment_event
from recovery.models import PaymentIntent, PaymentIntentEvent
from recovery.outreach.events_api import SignedView


class PaymentEventSerializer(StrictSerializer):
    id = serializers.CharField(max_length=120, help_text="The provider's own; the same one is taken once.")
    reference = serializers.CharField(max_length=40, help_text="Of the payment that was begun, such as CPI-….")
    status = serializers.ChoiceField(PaymentIntentEvent.Status.choices)
    amount = serializers.DecimalField(max_digits=14, decimal_places=2)
    currency = serializers.CharField(max_length=3)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a payment that nobody began, or of another amount."""
        intent = PaymentIntent.objects.filter(reference=attrs["reference"]).first()
        if intent is None:
            raise serializers.ValidationError({"reference": "No payment of this reference was begun."})
        if (attrs["amount"], attrs["currency"]) != (intent.amount, intent.currency):
            raise serializers.ValidationError({"amount": f"It was begun over {intent.currency} {intent.amount}."})
        return attrs | {"intent": intent}


class PaymentTakenSerializer(serializers.Serializer[Any]):
    """What was done with an event."""

    is_repeat = serializers.BooleanField()
    payment = serializers.IntegerField(allow_null=True, help_text="The entry of the books that it made.")


class PaymentEventView(SignedView):
    """Events of payments."""

    @extend_schema(
        request=PaymentEventSerializer, responses={200: PaymentTakenSerializer, 201: PaymentTakenSerializer}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Take an event; what is new of it is entered in the books, once."""
        entered = PaymentEventSerializer(data=request.data)
        entered.is_valid(raise_exception=True)
        values = entered.validated_data
        event, is_new = take_payment_event(
            event_id=values["id"], intent=values["intent"], status=values["status"], body=dict(entered.initial_data)
        )
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response({"is_repeat": not is_new, "payment": event.payment_id}, status=code)
