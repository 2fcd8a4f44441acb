"""The borrower's own page. Reading it changes nothing: scanners of mail open links."""

import time
from typing import Any

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from borrowers.models import Borrower
from borrowers.services import get_business_date
from creditpath.errors import DomainError
from creditpath.proxies import address_of
from recovery.borrower_page.links import Visitor, read_token
from recovery.borrower_page.paying import begin_payment, payable_loans, payment_address, read_amount
from recovery.borrower_page.services import ask_for_help, check_visitor, choose_offered_plan, dispute, stop_messages
from recovery.inbound.facts import asked_facts
from recovery.plans.services import find_plans

PER_MINUTE = 30  # requests of one address
PROVED, PROVED_FOR = "your_page", 900  # the cookie of who proved who they are, and its seconds
MOST_WORDS = 2000


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def your_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a borrower can do, and do it on POST. A link that is forged, over, or of nobody gets one and the same answer."""
    if _is_too_much(request):
        return _answer(request, {"is_too_much": True}, status=429)
    visitor = read_token(token)
    borrower = _find(visitor)
    if visitor is None or borrower is None:
        return _answer(request, {"is_over": True}, status=404)
    context: dict[str, Any] = {"is_proved": _has_proved(request, borrower), "channel": visitor.channel}
    response_cookie = False
    if request.method == "POST":
        try:
            context |= _do(request, visitor, borrower, is_proved=context["is_proved"])
        except DomainError as error:
            context["error"] = error.detail
        response_cookie = context.get("done") == "proved"
    if context["is_proved"]:
        context["loans"] = payable_loans(borrower)
        context["plans"] = [one for one in find_plans(borrower=borrower, today=get_business_date()) if one.is_open]
    else:
        context["facts"] = [(name, fact) for name, fact in asked_facts().items()]
        context["needed"] = settings.IDENTITY_FACTS_NEEDED
    response = _answer(request, context)
    if response_cookie:
        value = signing.dumps(borrower.pk, salt=PROVED)
        response.set_cookie(
            PROVED,
            value,
            max_age=PROVED_FOR,
            path="/your/",
            httponly=True,
            samesite="Strict",
            secure=request.is_secure(),
        )
    return response


def _do(request: HttpRequest, visitor: Visitor, borrower: Borrower, *, is_proved: bool) -> dict[str, Any]:
    asked, words = request.POST.get("do", ""), request.POST.get("words", "").replace("\0", "")[:MOST_WORDS]
    if asked == "stop":
        stop_messages(visitor=visitor)
    elif asked == "dispute":
        dispute(borrower=borrower, words=words)
    elif asked == "help":
        ask_for_help(borrower=borrower, words=words)
    elif asked == "prove":
        answers = {name: request.POST.get(name, "")[:80] for name in asked_facts()}
        if not check_visitor(borrower=borrower, answers=answers):
            return {"error": "This does not fit what we know. Please look again, or call us."}
        return {"done": "proved", "is_proved": True}
    elif asked == "pay" and is_proved:
        loan, amount = request.POST.get("loan", ""), read_amount(request.POST.get("amount", ""))
        intent = begin_payment(
            borrower=borrower, loan_id=int(loan) if loan.isdecimal() and len(loan) < 19 else 0, amount=amount
        )
        return {"intent": intent, "payment_address": payment_address(intent)}
    elif asked == "choose" and is_proved:
        number = request.POST.get("plan", "")
        choose_offered_plan(borrower=borrower, plan_id=int(number) if number.isdecimal() and len(number) < 19 else 0)
    else:
        return {}
    return {"done": asked}


def _find(visitor: Visitor | None) -> Borrower | None:
    if visitor is None:
        return None
    return Borrower.objects.filter(pk=visitor.borrower_id, contact_points=visitor.contact_point_id).first()


def _has_proved(request: HttpRequest, borrower: Borrower) -> bool:
    try:
        said = signing.loads(request.COOKIES.get(PROVED, ""), salt=PROVED, max_age=PROVED_FOR)
    except signing.BadSignature:
        return False
    return bool(said == borrower.pk)


def _is_too_much(request: HttpRequest) -> bool:
    key = f"your-page:{address_of(request)}:{int(time.time() // 60)}"
    cache.add(key, 0, 120)
    try:
        return bool(cache.incr(key) > PER_MINUTE)
    except ValueError:  # it was thrown out in between
        return False


def _answer(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    lender = {"lender": settings.LENDER_NAME or "Your lender", "phone": settings.LENDER_PHONE}
    response = render(request, "recovery/borrower_page/page.html", context | lender, status=status)
    response["Referrer-Policy"] = "same-origin"  # the link leaves with no request to another host
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
