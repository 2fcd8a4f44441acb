"""Who may do what: one matrix of routes and one of models, from which pages, API, admin and dashboards take their rights.

A route or a model that is absent here is closed to everybody. To open a new route, add its name to ROUTES.
"""

import enum
import functools
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, JsonResponse

from creditpath.accounts.models import Role, User
from creditpath.callbacks import is_callback_of


class Public(enum.Enum):
    """The type of PUBLIC, the one value that opens a route to people who are not logged in."""

    PUBLIC = "public"


PUBLIC: Final = Public.PUBLIC
Access = frozenset[Role] | Public

EVERYONE: Access = frozenset(Role)
NOBODY: Access = frozenset()
ADMIN = frozenset({Role.ADMIN})
STAFF = frozenset({Role.ADMIN, Role.MANAGER, Role.COMPLIANCE, Role.DATA_SCIENTIST, Role.ANALYST})
# Names, telephone numbers and notes: who works with a borrower, answers for those who do, or watches over them.
PERSONAL = frozenset({Role.AGENT, Role.MANAGER, Role.COMPLIANCE, Role.ADMIN, Role.INTEGRATION})
CASE_WORKERS = frozenset({Role.AGENT, Role.MANAGER, Role.ADMIN})
CASE_READERS = CASE_WORKERS | {Role.COMPLIANCE}
# What is told of hardship and health: who decides about it.
CARE_READERS = frozenset({Role.MANAGER, Role.COMPLIANCE, Role.ADMIN})
CASHIERS = frozenset({Role.MANAGER, Role.ADMIN, Role.INTEGRATION})
IMPORTERS = frozenset({Role.MANAGER, Role.ADMIN})
# Who says when agents work and whose cases go to whom.
TEAM_LEADERS = frozenset({Role.MANAGER, Role.ADMIN})
ALERT_READERS = frozenset({Role.MANAGER, Role.COMPLIANCE, Role.ADMIN})
POLICY_WRITERS = frozenset({Role.MANAGER, Role.ADMIN})
POLICY_READERS = STAFF | {Role.AGENT}
MODEL_READERS = STAFF | {Role.INTEGRATION}
# Who makes models, who examines them, and who lets them go live: never the same person for one model.
MODEL_MAKERS = frozenset({Role.DATA_SCIENTIST, Role.ADMIN})
MODEL_VALIDATORS = frozenset({Role.DATA_SCIENTIST, Role.ANALYST, Role.COMPLIANCE, Role.ADMIN})
MODEL_APPROVERS = frozenset({Role.DATA_SCIENTIST, Role.MANAGER, Role.COMPLIANCE, Role.ADMIN})

# The name of a route, or "namespace:*" for all of a namespace that have no line of their own. In the API a line opens
# reading alone; a method that writes needs a line of its own, "POST api:payment-list".
ROUTES: dict[str, Access] = {
    "home": EVERYONE,
    "login": PUBLIC,
    "logout": EVERYONE,
    "healthz": PUBLIC,
    "readyz": ADMIN | {Role.INTEGRATION},
    "metrics": ADMIN | {Role.INTEGRATION},
    # Django's admin: the door. What is behind it is in the matrix of models below.
    "admin:*": STAFF,
    # Dash: the door to any dashboard. DASHBOARDS below says which of them.
    "the_django_plotly_dash:*": STAFF,
    "the_django_plotly_dash:add_stateless_apps": NOBODY,
    # Pages
    "recovery:worklist": CASE_READERS,
    "recovery:next-case": CASE_WORKERS,
    "recovery:borrower": CASE_READERS,
    "borrowers:loan": CASE_READERS,
    "recovery:record-action": CASE_WORKERS,
    "recovery:answer-recommendation": CASE_WORKERS,
    "recovery:policies": POLICY_READERS,
    "recovery:draft-policy": POLICY_WRITERS,
    "recovery:policy": POLICY_READERS,
    "recovery:change-policy": POLICY_WRITERS,
    "recovery:add-policy-line": POLICY_WRITERS,
    "recovery:policy-line": POLICY_WRITERS,
    "recovery:move-policy-line": POLICY_WRITERS,
    "recovery:delete-policy-line": POLICY_WRITERS,
    "recovery:take-policy-step": POLICY_WRITERS,
    "recovery:compare-policies": POLICY_READERS,
    "recovery:replay-policy": POLICY_WRITERS,
    "recovery:policy-replay": POLICY_READERS,
    "recovery:record-payment": CASHIERS - {Role.INTEGRATION},
    "recovery:contacts": CASE_READERS,
    "recovery:contacts-csv": CASE_READERS - {Role.AGENT},
    "recovery:contacts-json": CASE_READERS - {Role.AGENT},
    "recovery:set-hold": CASE_READERS,
    "recovery:lift-hold": frozenset({Role.MANAGER, Role.COMPLIANCE, Role.ADMIN}),
    "recovery:open-care": CASE_READERS,
    "recovery:care-reviews": CARE_READERS,
    "recovery:care-records": CARE_READERS,
    "recovery:decide-care": CARE_READERS,
    # Closed by a signed link instead: borrowers have no log-in.
    "recovery:your-page": PUBLIC,
    "POST recovery:your-page": PUBLIC,
    "recovery:plans": CASE_READERS,
    "recovery:plan": CASE_READERS,
    "recovery:make-plan": CASE_WORKERS,
    "recovery:take-plan-step": CASE_WORKERS,
    "recovery:approvals": CASE_READERS,
    "recovery:decide-proposal": frozenset({Role.MANAGER, Role.ADMIN}),
    "recovery:propose": CASE_WORKERS,
    "recovery:alerts": ALERT_READERS,
    "recovery:acknowledge-alert": ALERT_READERS,
    "recovery:teams": TEAM_LEADERS,
    "recovery:team-member": TEAM_LEADERS,
    "recovery:grievances": CASE_READERS,
    "recovery:grievances-csv": CASE_READERS - {Role.AGENT},
    "recovery:grievance": CASE_READERS,
    "recovery:record-grievance": CASE_READERS,
    "recovery:answer-grievance": frozenset({Role.MANAGER, Role.COMPLIANCE, Role.ADMIN}),
    "recovery:outbox": CASE_READERS,
    "recovery:write-message": CASE_WORKERS,
    "recovery:cancel-message": CASE_WORKERS,
    "recovery:resolve-message": CASE_WORKERS,
    "recovery:dialler": IMPORTERS,
    "recovery:dialler-csv": IMPORTERS,
    "recovery:dialler-results": IMPORTERS,
    "recovery:inbound": CASE_WORKERS,
    "recovery:inbound-check": CASE_WORKERS,
    "recovery:inbound-disclosure": CASE_WORKERS,
    "recovery:message-templates": CASE_READERS,
    "recovery:message-template": CASE_READERS,
    "recovery:portfolio-dashboard": STAFF,
    "recovery:model-dashboard": STAFF,
    "recovery:todays-list": IMPORTERS,
    "scoring:models": STAFF,
    "scoring:live-models": STAFF,
    "scoring:model": STAFF,
    "scoring:model-card": STAFF,
    "scoring:model-card-file": STAFF,
    "scoring:training": STAFF,
    "POST scoring:training": MODEL_MAKERS,
    "scoring:training-run": STAFF,
    "scoring:cancel-training": MODEL_MAKERS,
    "scoring:retry-training": MODEL_MAKERS,
    "scoring:measure-fairness": MODEL_MAKERS | MODEL_VALIDATORS | MODEL_APPROVERS,
    "scoring:compare-models": MODEL_MAKERS | MODEL_APPROVERS,
    "scoring:propose-promotion": MODEL_MAKERS,
    "scoring:decide-promotion": MODEL_APPROVERS,
    "scoring:retire-model": MODEL_MAKERS,
    "scoring:name-challenger": MODEL_MAKERS,
    "scoring:end-challenge": MODEL_MAKERS,
    "scoring:validate-model": MODEL_VALIDATORS,
    "scoring:close-finding": MODEL_VALIDATORS | MODEL_APPROVERS,
    "borrowers:imports": IMPORTERS,
    "borrowers:import": IMPORTERS,
    "borrowers:import-mapping": IMPORTERS,
    "borrowers:import-check": IMPORTERS,
    "borrowers:import-start": IMPORTERS,
    "borrowers:import-redraft": IMPORTERS,
    "borrowers:import-report": IMPORTERS,
    "borrowers:import-rejects": IMPORTERS,
    "borrowers:import-toml": IMPORTERS,
    # API
    "POST api:login": PUBLIC,
    "POST api:logout": EVERYONE,
    "api:schema": EVERYONE,
    "api:docs": EVERYONE,
    # Roles outside PERSONAL read borrowers and loans without names, contact points and the lender's own columns.
    "api:borrower-list": EVERYONE,
    "api:borrower-detail": EVERYONE,
    "api:loan-list": EVERYONE,
    "api:loan-detail": EVERYONE,
    "api:payment-list": EVERYONE,
    "api:payment-detail": EVERYONE,
    "POST api:payment-list": CASHIERS,
    "POST api:payment-reverse": CASHIERS,
    "api:score-list": EVERYONE,
    "api:score-detail": EVERYONE,
    "api:score-explanation": EVERYONE,
    "POST api:score-now": frozenset({Role.ADMIN, Role.MANAGER, Role.DATA_SCIENTIST, Role.INTEGRATION}),
    "api:recommendation-list": EVERYONE,
    "api:recommendation-detail": EVERYONE,
    "api:worklist-list": PERSONAL,
    "api:worklist-detail": PERSONAL,
    "api:action-list": PERSONAL,
    "api:action-detail": PERSONAL,
    "POST api:action-list": CASE_WORKERS | {Role.INTEGRATION},
    "api:contact-permission": PERSONAL,
    "api:contact-reservation-list": PERSONAL,
    "api:contact-reservation-detail": PERSONAL,
    "POST api:contact-reservation-list": CASE_WORKERS | {Role.INTEGRATION},
    "POST api:contact-reservation-release": CASE_WORKERS | {Role.INTEGRATION},
    "api:contact-block-list": PERSONAL,
    "api:contact-block-detail": PERSONAL,
    "api:hold-list": PERSONAL,
    "api:hold-detail": PERSONAL,
    "POST api:hold-list": CASE_READERS | {Role.INTEGRATION},
    "POST api:hold-lift": frozenset({Role.MANAGER, Role.COMPLIANCE, Role.ADMIN}),
    "api:grievance-list": PERSONAL,
    "api:grievance-detail": PERSONAL,
    "POST api:grievance-list": CASE_READERS | {Role.INTEGRATION},
    "POST api:grievance-answer": frozenset({Role.MANAGER, Role.COMPLIANCE, Role.ADMIN}),
    "api:loan-proposal-list": PERSONAL,
    "api:loan-proposal-detail": PERSONAL,
    "POST api:loan-proposal-list": CASE_WORKERS,
    "POST api:loan-proposal-decide": frozenset({Role.MANAGER, Role.ADMIN}),
    "api:plan-list": PERSONAL,
    "api:plan-detail": PERSONAL,
    "POST api:plan-list": CASE_WORKERS,
    "POST api:plan-activate": CASE_WORKERS,
    "POST api:plan-cancel": CASE_WORKERS,
    # Written by whoever hears of it; read by few, and each reading is a row.
    "api:care-record-list": CARE_READERS,
    "api:care-record-detail": CARE_READERS,
    "POST api:care-record-list": CASE_READERS | {Role.INTEGRATION},
    "POST api:care-record-decide": CARE_READERS,
    # Closed by a signature instead: telephone systems and providers of text messages have no log-in.
    "POST api:call-events": PUBLIC,
    "POST api:inbound-messages": PUBLIC,
    "POST api:payment-events": PUBLIC,
    "POST api:dialler-files": CASHIERS,
    "POST api:dialler-results": CASHIERS,
    "api:message-template-list": PERSONAL,
    "api:outgoing-message-list": PERSONAL,
    "api:outgoing-message-detail": PERSONAL,
    "POST api:outgoing-message-list": CASE_WORKERS | {Role.INTEGRATION},
    "POST api:outgoing-message-cancel": CASE_WORKERS | {Role.INTEGRATION},
    "POST api:outgoing-message-resolve": CASE_WORKERS,
    "api:promise-list": PERSONAL,
    "api:promise-detail": PERSONAL,
    "api:model-list": MODEL_READERS,
    "api:model-detail": MODEL_READERS,
    "api:deployment-list": MODEL_READERS,
    "api:deployment-detail": MODEL_READERS,
    "api:comparison-list": MODEL_READERS,
    "api:comparison-detail": MODEL_READERS,
    "api:import-list": CASHIERS | {Role.COMPLIANCE},
    "api:import-detail": CASHIERS | {Role.COMPLIANCE},
}

# A dashboard is open to those who may open the page that shows it.
DASHBOARDS: dict[str, str] = {
    "portfolio": "recovery:portfolio-dashboard",
    "models": "recovery:model-dashboard",
}


def access_of(route: str, method: str = "GET") -> Access | None:
    """Return who may call a route with a method; None means that the matrix does not know it, and it stays closed."""
    method = "GET" if method == "HEAD" else method
    if (own := ROUTES.get(f"{method} {route}")) is not None:
        return own
    if route.startswith("api:") and method == "OPTIONS":  # the description of a route, for whoever may use it at all
        return anyone_who_may_call(route)
    if route.startswith("api:") and method != "GET":
        return None
    return ROUTES.get(route, ROUTES.get(_whole_namespace(route)))


def anyone_who_may_call(route: str) -> Access | None:
    """Return who may call a route with some method or other; None means that the matrix does not know it."""
    lines = [access for key, access in ROUTES.items() if key.rpartition(" ")[2] == route]
    if not lines:
        return ROUTES.get(_whole_namespace(route))
    return PUBLIC if PUBLIC in lines else frozenset().union(*(line for line in lines if isinstance(line, frozenset)))


def _whole_namespace(route: str) -> str:
    return route.rpartition(":")[0] + ":*"


def person_of(request: HttpRequest) -> User:
    """Return who sent the request; the matrix has let nobody else in."""
    assert isinstance(request.user, User)
    return request.user


def may_call(user: Any, route: str, method: str = "GET") -> bool:
    """Say whether a user, logged in or not, may call a route."""
    access = access_of(route, method)
    if access is PUBLIC:
        return True
    return bool(access and user.is_authenticated and user.is_active and user.role in access)


# --- what each role may do with the rows of a model, in the admin -----------------------------------------------------
_READERS = frozenset({Role.ADMIN, Role.MANAGER, Role.COMPLIANCE})
_MANAGERS = frozenset({Role.ADMIN, Role.MANAGER})


def _model(
    view: Iterable[Role], add: Iterable[Role] = (), change: Iterable[Role] = (), delete: Iterable[Role] = ()
) -> dict[str, frozenset[Role]]:
    return {"view": frozenset(view), "add": frozenset(add), "change": frozenset(change), "delete": frozenset(delete)}


# Ledgers and logs are append-only: nobody changes or deletes their rows; the database refuses it besides. Agents and
# integrations work through the pages and the API; their rights on rows are for the services behind those.
MODELS: dict[str, dict[str, frozenset[Role]]] = {
    "accounts.user": _model(_READERS, add=ADMIN, change=ADMIN),
    "accounts.team": _model(_READERS, add=ADMIN, change=ADMIN, delete=ADMIN),
    "axes.accessattempt": _model(ADMIN | {Role.COMPLIANCE}, delete=ADMIN),
    "axes.accesslog": _model(ADMIN | {Role.COMPLIANCE}),
    "axes.accessfailurelog": _model(ADMIN | {Role.COMPLIANCE}),
    "exports.exportrun": _model(ADMIN | {Role.COMPLIANCE}),
    "knox.authtoken": _model(ADMIN, delete=ADMIN),
    "jobs.job": _model(_READERS | {Role.DATA_SCIENTIST}, change=_MANAGERS),
    "borrowers.borrower": _model(PERSONAL, change=_MANAGERS),
    "borrowers.contactpoint": _model(PERSONAL, add=CASE_WORKERS, change=CASE_WORKERS),
    "borrowers.product": _model(STAFF, add=ADMIN, change=ADMIN),
    "borrowers.loan": _model(PERSONAL),
    "borrowers.scheduleversion": _model(PERSONAL),
    "borrowers.instalment": _model(PERSONAL),
    "borrowers.scheduleplan": _model(PERSONAL),
    "borrowers.payment": _model(STAFF | PERSONAL, add=CASHIERS),
    "borrowers.consent": _model(PERSONAL),
    "borrowers.loanparty": _model(PERSONAL, add=_MANAGERS, change=_MANAGERS),
    "borrowers.loanevent": _model(PERSONAL),
    "borrowers.collateral": _model(PERSONAL),
    "borrowers.charge": _model(STAFF | PERSONAL),
    "borrowers.statement": _model(STAFF | PERSONAL),
    "borrowers.balancesnapshot": _model(STAFF | PERSONAL),
    "borrowers.attributedefinition": _model(STAFF),
    "borrowers.contactevent": _model(PERSONAL, add=CASE_WORKERS | {Role.INTEGRATION}),
    "borrowers.contactcost": _model(STAFF, add=_MANAGERS, change=_MANAGERS, delete=_MANAGERS),
    "borrowers.promise": _model(PERSONAL, add=CASE_WORKERS | {Role.INTEGRATION}),
    "borrowers.promiserule": _model(STAFF, add=ADMIN),
    "borrowers.delinquency": _model(STAFF | PERSONAL),
    "borrowers.monthendsnapshot": _model(STAFF | PERSONAL),
    "borrowers.businessdate": _model(STAFF),
    "borrowers.dayclose": _model(STAFF),
    "borrowers.closingstep": _model(STAFF),
    "borrowers.upload": _model(_MANAGERS),
    "borrowers.reconciliation": _model(STAFF),
    "borrowers.reconciliationdifference": _model(_READERS),
    "borrowers.importrun": _model(_READERS | {Role.INTEGRATION}),
    "scoring.modelversion": _model(MODEL_READERS),
    "scoring.deployment": _model(MODEL_READERS),
    "scoring.validation": _model(MODEL_READERS),
    "scoring.validationfinding": _model(MODEL_READERS),
    "scoring.findingclosure": _model(MODEL_READERS),
    "scoring.comparison": _model(MODEL_READERS),
    "scoring.promotionproposal": _model(MODEL_READERS),
    "scoring.promotiondecision": _model(MODEL_READERS),
    "scoring.challenger": _model(MODEL_READERS),
    # Never changed: a new row takes over.
    "scoring.monitoredattribute": _model(MODEL_READERS, add=ADMIN | {Role.COMPLIANCE}),
    "scoring.fairnessreading": _model(MODEL_READERS),
    "scoring.scoringrun": _model(MODEL_READERS),
    "scoring.score": _model(STAFF | PERSONAL),
    "scoring.featurevector": _model(STAFF),
    "scoring.staleloan": _model(STAFF),
    "scoring.explanation": _model(STAFF),
    "scoring.trainingreference": _model(STAFF),
    "scoring.shadowrun": _model(STAFF),
    "scoring.shadowscore": _model(STAFF),
    "scoring.modelreading": _model(STAFF),
    "scoring.alertthreshold": _model(STAFF, add=ADMIN, change=ADMIN),
    "scoring.reasonphrase": _model(STAFF, add=ADMIN, change=ADMIN, delete=ADMIN),
    # As long as it is a draft; the database closes a policy that is submitted.
    "recovery.policy": _model(STAFF, change=_MANAGERS),
    "recovery.policyrule": _model(STAFF, add=_MANAGERS, change=_MANAGERS, delete=_MANAGERS),
    "recovery.jurisdiction": _model(STAFF, add=ADMIN, change=ADMIN),
    # Drafts; the database keeps what is approved, and a second person approves.
    "recovery.contactrule": _model(STAFF, add=_READERS, change=_READERS, delete=_READERS),
    "recovery.limitationperiod": _model(STAFF, add=_READERS, change=_READERS, delete=_READERS),
    "recovery.contactprofile": _model(STAFF, add=ADMIN),
    "recovery.hold": _model(PERSONAL, add=CASE_READERS),
    "recovery.answerperiod": _model(STAFF, add=_READERS, change=_READERS),
    "recovery.loanproposal": _model(PERSONAL),
    "recovery.loanproposaldecision": _model(PERSONAL),
    "recovery.grievance": _model(PERSONAL),
    "recovery.grievanceanswer": _model(PERSONAL),
    "recovery.validationnotice": _model(PERSONAL, add=CASE_READERS),
    "recovery.contactreservation": _model(PERSONAL),
    "recovery.contactblock": _model(PERSONAL),
    # Drafts; the database keeps what was published.
    "recovery.messagetemplate": _model(STAFF | PERSONAL, add=_MANAGERS, change=_MANAGERS, delete=_MANAGERS),
    "recovery.outgoingmessage": _model(PERSONAL),
    "recovery.callback": _model(PERSONAL),
    "recovery.diallerfile": _model(PERSONAL),
    "recovery.diallerentry": _model(PERSONAL),
    "recovery.callevent": _model(PERSONAL),
    "recovery.inboundmessage": _model(PERSONAL),
    "recovery.identitycheck": _model(PERSONAL),
    # Not in the admin, where nobody writes down who reads.
    "recovery.carerecord": _model(()),
    "recovery.caredecision": _model(()),
    "recovery.carereading": _model(()),
    "recovery.pagecheck": _model(()),
    "recovery.paymentintent": _model(()),
    "recovery.paymentintentevent": _model(()),
    # What they say is never changed: a new row takes over from its day on.
    "recovery.planterms": _model(STAFF, add=ADMIN),
    "recovery.planlimit": _model(STAFF, add=ADMIN),
    "recovery.plan": _model(PERSONAL),
    "recovery.planinstalment": _model(PERSONAL),
    "recovery.planbudgetline": _model(CASE_READERS),
    "recovery.planevent": _model(PERSONAL),
    "recovery.policyevent": _model(STAFF),
    "recovery.policyreplay": _model(STAFF),
    "recovery.replayline": _model(STAFF),
    "recovery.recommendation": _model(_READERS | PERSONAL),
    "recovery.decisionanswer": _model(_READERS | PERSONAL),
    "recovery.performedaction": _model(_READERS | PERSONAL),
    "recovery.alertrule": _model(STAFF, change=_MANAGERS),
    "recovery.alert": _model(_READERS),
    "recovery.alertacknowledgement": _model(_READERS),
    "recovery.shift": _model(_READERS),
    "recovery.absence": _model(_READERS),
    "recovery.absenceend": _model(_READERS),
    "recovery.handover": _model(_READERS),
    "recovery.handedcase": _model(_READERS),
    "recovery.callbackoffer": _model(_READERS),
    "recovery.worklistitem": _model(_READERS | PERSONAL),
}


def _by_role() -> dict[Role, dict[str, set[str]]]:
    turned: dict[Role, dict[str, set[str]]] = {role: defaultdict(set) for role in Role}
    for model, verbs in MODELS.items():
        for verb, roles in verbs.items():
            for role in roles:
                turned[role][model].add(verb)
    return {role: dict(models) for role, models in turned.items()}


MODEL_PERMISSIONS: dict[Role, dict[str, set[str]]] = _by_role()


@cache
def permissions_of(role: str) -> frozenset[str]:
    """Return a role's rights on models in Django's words, such as "borrowers.view_loan"."""
    return frozenset(
        f"{label.partition('.')[0]}.{verb}_{label.partition('.')[2]}"
        for label, verbs in MODEL_PERMISSIONS[Role(role)].items()
        for verb in verbs
    )


# --- answers to those who may not -------------------------------------------------------------------------------------
def wants_json(request: HttpRequest) -> bool:
    """Say whether the caller is a program: the API, but for its page of documentation, and callbacks of dashboards."""
    path = request.path_info
    return (path.startswith("/api/") and not path.startswith("/api/v1/docs/")) or "/_dash-" in path


def error_json(*, code: str, detail: str, status: int, fields: dict[str, Any] | None = None) -> JsonResponse:
    """Build the one shape that every error of the API has."""
    return JsonResponse({"code": code, "detail": detail, "fields": fields or {}}, status=status)


def refuse(request: HttpRequest) -> HttpResponseBase:
    """Answer a caller who may not: programs get 401 or 403, the anonymous visitor of a page the log-in, others 403."""
    if wants_json(request):
        if request.user.is_authenticated:
            return error_json(code="permission_denied", detail="Your role may not do this.", status=403)
        response = error_json(code="not_authenticated", detail="Log in, or send a token.", status=401)
        response["WWW-Authenticate"] = "Token"
        return response
    if request.user.is_authenticated:
        raise PermissionDenied("Your role may not open this page.")
    return redirect_to_login(request.get_full_path())


# --- dashboards -------------------------------------------------------------------------------------------------------
def may_see_dashboard(user: User, name: str) -> bool:
    """Say whether a user may see a dashboard; one that DASHBOARDS does not name is closed to all."""
    return name in DASHBOARDS and may_call(user, DASHBOARDS[name])


def dashboard_access(view_func: Callable[..., HttpResponseBase], **kwargs: Any) -> Callable[..., HttpResponseBase]:
    """Close every view of django-plotly-dash, callbacks included, to those who may not see the page that shows it.

    Stored dashboard instances ("instance/…") are not used and stay closed. A callback whose body is not one of Dash's
    is answered 400, where the library would answer 200 or fail.
    """
    is_callback = kwargs.get("name") == "update-component"
    is_unserved = kwargs.get("name") == "routes"

    @functools.wraps(view_func)
    def closed(request: HttpRequest, ident: str = "", stateless: bool = False, **view_kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return refuse(request)
        if not stateless or ident not in DASHBOARDS:
            raise Http404("There is no such dashboard.")
        if not may_see_dashboard(request.user, ident):
            return refuse(request)
        # The library fails on these: an address it does not serve, and first values that it never handed out.
        if is_unserved or ("cache_id" in view_kwargs and view_kwargs["cache_id"] not in request.session):
            raise Http404("There is no such part of a dashboard.")
        if is_callback:
            if request.method != "POST":
                return error_json(code="method_not_allowed", detail="Callbacks are sent by POST.", status=405)
            if not is_callback_of(ident, request.body):
                return error_json(code="invalid_callback", detail="This is not a callback of a dashboard.", status=400)
        return view_func(request, ident=ident, stateless=stateless, **view_kwargs)

    return closed


# --- the door ---------------------------------------------------------------------------------------------------------
def enforces_matrix_itself(view: Callable[..., Any]) -> bool:
    """Say whether a view is one of the API that asks the matrix once it has read the token."""
    view_class = getattr(view, "cls", None)
    if view_class is None:
        return False
    classes = getattr(view, "initkwargs", {}).get("permission_classes", getattr(view_class, "permission_classes", ()))
    return any(getattr(permission, "asks_the_matrix", False) for permission in classes)
