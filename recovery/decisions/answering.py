"""What people say to a recommendation, and what is done about it."""

from django.db import transaction

from borrowers.models import Borrower, ContactEvent
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from recovery.errors import AnswerRefused, BorrowerOutOfReach, FormAlreadyUsed
from recovery.models import Action, DecisionAnswer, PerformedAction, Recommendation
from recovery.policy.actions import CHANNEL_OF, WITHOUT_CONTACT
from recovery.policy.limits import HOLDS

REASON_LENGTH = 500
# What a contact counts as where its way is not that of the action that was decided on.
ACTION_OF = {
    ContactEvent.Channel.CALL: Action.CALL,
    ContactEvent.Channel.SMS: Action.SMS,
    ContactEvent.Channel.EMAIL: Action.EMAIL,
    ContactEvent.Channel.VISIT: Action.VISIT,
    ContactEvent.Channel.LETTER: Action.REMINDER,
}


@transaction.atomic
def answer_recommendation(
    *, recommendation: Recommendation, by: User, action: str = "", reason: str = "", form_key: str = ""
) -> DecisionAnswer:
    """Keep that a person accepts the day's recommendation, or (with `action`) does something else and why.

    Answers are added, never changed; the latest counts. Sending a form twice answers once. Nothing else is written: what is
    done is recorded as a follow-up. While a hold stands no contact can be chosen. Raises AnswerRefused with a remedy for each
    field, BorrowerOutOfReach, FormAlreadyUsed.
    """
    if not Recommendation.objects.visible_to(by).filter(pk=recommendation.pk).exists():
        raise BorrowerOutOfReach()
    Borrower.objects.select_for_update().get(pk=recommendation.borrower_id)  # a double click waits here
    reference = f"form:{by.pk}:{form_key}" if form_key else None
    if reference and (made := DecisionAnswer.objects.filter(form_key=reference).first()):
        if made.recommendation_id != recommendation.pk:
            raise FormAlreadyUsed()
        return made
    reason = reason.strip()
    if fields := _find_mistakes(recommendation, action, reason):
        raise AnswerRefused(" ".join(fields.values()), fields=fields)
    return DecisionAnswer.objects.create(
        recommendation=recommendation,
        answer=DecisionAnswer.Answer.OTHER if action else DecisionAnswer.Answer.ACCEPTED,
        action=action or recommendation.action,
        reason=reason,
        answered_by=by,
        form_key=reference,
    )


def _find_mistakes(recommendation: Recommendation, action: str, reason: str) -> dict[str, str]:
    fields = {}
    if recommendation.as_of != get_business_date():
        fields["action"] = "This recommendation is of another day: answer today's."
    elif action and action not in Action.values:
        fields["action"] = "Choose what to do instead."
    elif action == recommendation.action:
        fields["action"] = "This is what is recommended: accept it, or choose something else."
    elif action and action not in WITHOUT_CONTACT and (holds := recommendation.facts.get("holds")):
        fields["action"] = f"Nobody may be contacted: {', '.join(HOLDS.get(hold, hold) for hold in holds)}."
    if action and not reason:
        fields["reason"] = "Say why, in a few words: it is read when the policy is next changed."
    elif len(reason) > REASON_LENGTH:
        fields["reason"] = f"The reason has {len(reason):,} characters: shorten it to {REASON_LENGTH}."
    elif "\x00" in reason:
        fields["reason"] = "The reason holds a character that cannot be stored: type it again."
    return fields


def record_performed(*, event: ContactEvent) -> PerformedAction | None:
    """Link a contact to the day's decision about the borrower; None where none stands or the borrower called us.

    Called in the transaction that records the contact. Two queries and one insert.
    """
    action = ACTION_OF.get(ContactEvent.Channel(event.channel))
    made = Recommendation.objects.filter(borrower_id=event.borrower_id, as_of=event.effective_on).first()
    if action is None or made is None:
        return None
    answer = made.answers.order_by("-id").first()
    for decided in ([answer.action] if answer else []) + [made.action]:
        way = made.channel if decided == made.action else CHANNEL_OF.get(decided)
        if way == event.channel:
            action = Action(decided)
            break
    return PerformedAction.objects.create(
        recommendation=made, contact_event=event, action=action, is_as_assigned=action == made.action
    )
