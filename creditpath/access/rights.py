"""The matrix of models: who may see, add, change and remove rows of which."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from creditpath.access.roles import (
    ADMIN,
    CASE_READERS,
    CASE_WORKERS,
    CASHIERS,
    MODEL_READERS,
    PERSONAL,
    STAFF,
)
from creditpath.accounts.models import Role

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
    "recovery.retentionperiod": _model(STAFF, add=_READERS, change=_READERS, delete=_READERS),
    "recovery.legalhold": _model(_READERS),
    "recovery.erasurerequest": _model(_READERS),
    "recovery.erasuredecision": _model(_READERS),
    "recovery.evidenceseal": _model(_READERS),
    # On a page of their own and in packs.
    "recovery.evidenceevent": _model(()),
    "recovery.evidencechain": _model(()),
    "recovery.unsealedevidence": _model(()),
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
