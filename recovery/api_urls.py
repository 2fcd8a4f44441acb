"""The endpoints of recovery; their names are those of the namespace api, such as "api:action-list"."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from recovery.alerts.api import AlertViewSet
from recovery.api import ActionViewSet, RecommendationViewSet, WorklistViewSet
from recovery.approvals.api import LoanProposalViewSet
from recovery.borrower_page.api import PaymentEventView
from recovery.care.api import CareRecordViewSet
from recovery.contacts.api import ContactBlockViewSet, ContactPermissionView, ContactReservationViewSet, HoldViewSet
from recovery.evidence.api import EvidencePackView, EvidencePdfView
from recovery.grievances.api import GrievanceViewSet
from recovery.outreach.api import DiallerFileViewSet, DiallerResultsView, MessageTemplateViewSet, OutgoingMessageViewSet
from recovery.outreach.events_api import CallEventView, InboundMessageView
from recovery.plans.api import PlanViewSet
from recovery.teams.api import AbsenceViewSet, HandOverViewSet, OpenCasesView, ShiftViewSet, TeamViewSet

router = SimpleRouter(use_regex_path=False)
router.register("recommendations", RecommendationViewSet, basename="recommendation")
router.register("worklist", WorklistViewSet, basename="worklist")
router.register("actions", ActionViewSet, basename="action")
router.register("contact-reservations", ContactReservationViewSet, basename="contact-reservation")
router.register("contact-blocks", ContactBlockViewSet, basename="contact-block")
router.register("holds", HoldViewSet, basename="hold")
router.register("grievances", GrievanceViewSet, basename="grievance")
router.register("loan-proposals", LoanProposalViewSet, basename="loan-proposal")
router.register("plans", PlanViewSet, basename="plan")
router.register("care-records", CareRecordViewSet, basename="care-record")
router.register("outgoing-messages", OutgoingMessageViewSet, basename="outgoing-message")
router.register("alerts", AlertViewSet, basename="alert")
router.register("teams", TeamViewSet, basename="team")
router.register("shifts", ShiftViewSet, basename="shift")
router.register("absences", AbsenceViewSet, basename="absence")
router.register("hand-overs", HandOverViewSet, basename="hand-over")
urlpatterns = [
    path("message-templates/", MessageTemplateViewSet.as_view({"get": "list"}), name="message-template-list"),
    path("dialler-files/", DiallerFileViewSet.as_view({"post": "create"}), name="dialler-files"),
    path("dialler-results/", DiallerResultsView.as_view(), name="dialler-results"),
    path("call-events/", CallEventView.as_view(), name="call-events"),
    path("payment-events/", PaymentEventView.as_view(), name="payment-events"),
    path("inbound-messages/", InboundMessageView.as_view(), name="inbound-messages"),
    path("borrowers/<int:pk>/contact-permission/", ContactPermissionView.as_view(), name="contact-permission"),
    path("borrowers/<int:pk>/evidence-pack/", EvidencePackView.as_view(), name="evidence-pack"),
    path("borrowers/<int:pk>/evidence-pack.pdf", EvidencePdfView.as_view(), name="evidence-pack-pdf"),
    path("agents/<int:pk>/open-cases/", OpenCasesView.as_view(), name="open-cases"),
    *router.urls,
]
