"""The endpoints of borrowers; their names are those of the namespace api, such as "api:loan-list"."""

from rest_framework.routers import SimpleRouter

from borrowers.api import BorrowerViewSet, ImportRunViewSet, LoanViewSet, PaymentViewSet, PromiseViewSet

router = SimpleRouter(use_regex_path=False)
router.register("borrowers", BorrowerViewSet, basename="borrower")
router.register("loans", LoanViewSet, basename="loan")
router.register("payments", PaymentViewSet, basename="payment")
router.register("promises", PromiseViewSet, basename="promise")
router.register("imports", ImportRunViewSet, basename="import")
urlpatterns = router.urls
