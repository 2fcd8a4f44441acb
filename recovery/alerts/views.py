"""The page of alerts."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from creditpath.access import may_call, person_of
from creditpath.errors import DomainError
from creditpath.resources import MAX_ID
from recovery.alerts.services import acknowledge, alerts_for, open_alerts, rules_for

PAGE_SIZE = 50


@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """Show what nobody has seen to, or what was seen to and how; below it the rules with their thresholds."""
    user = person_of(request)
    asked = "seen" if request.GET.get("state") == "seen" else "open"
    seen = alerts_for(user).filter(acknowledgement__isnull=False).select_related("acknowledgement__acknowledged_by")
    rows = seen if asked == "seen" else open_alerts(user)
    return render(
        request,
        "recovery/alerts/alerts.html",
        {
            "page": Paginator(rows.order_by("-as_of", "id"), PAGE_SIZE).get_page(request.GET.get("page")),
            "asked": asked,
            "states": [("open", "To see to", open_alerts(user).count()), ("seen", "Seen to", seen.count())],
            "rules": rules_for(user),
            "may_see_to": may_call(user, "recovery:acknowledge-alert", "POST"),
            "may_change": user.has_perm("recovery.change_alertrule"),
        },
    )


@require_POST
def acknowledge_alert(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep that somebody has seen to an alert."""
    if pk > MAX_ID:
        raise Http404
    alert = get_object_or_404(alerts_for(person_of(request)), pk=pk)
    try:
        acknowledge(alert=alert, note=request.POST.get("note", "").replace("\0", "")[:500], by=person_of(request))
        messages.success(request, "Noted.")
    except DomainError as error:
        messages.error(request, " ".join(error.fields.values()) or error.detail)
    return redirect("recovery:alerts")
