"""What the address of the portfolio page asks for, and the lists behind its figures; page and charts share it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.urls import reverse

from borrowers.measures.services import PortfolioFilter
from borrowers.models import Loan, Product
from creditpath.accounts.models import Team, User


class PortfolioForm(forms.Form):
    """What can be asked for in the address of the page; the charts read the same address."""

    currency = forms.ChoiceField(required=False)
    product = forms.ModelChoiceField(Product.objects.all(), required=False, empty_label="All products")
    team = forms.ModelChoiceField(Team.objects.all(), required=False, empty_label="All teams")

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        currencies = Loan.objects.order_by("currency").values_list("currency", flat=True).distinct()
        self.fields["currency"].choices = [("", "All currencies"), *((code, code) for code in currencies)]  # type: ignore[attr-defined]

    @property
    def asked(self) -> PortfolioFilter:
        """Return what is asked for as far as it makes sense; the page shows the errors of the rest."""
        self.is_valid()
        product, team = self.cleaned_data.get("product"), self.cleaned_data.get("team")
        return PortfolioFilter(
            currency=self.cleaned_data.get("currency") or None,
            product=product.pk if product else None,
            team=team.pk if team else None,
        )


def read_filter(search: object) -> PortfolioFilter:
    """Return what the query of an address asks for ("?team=3"); what is not there or makes no sense asks for nothing."""
    return PortfolioForm(QueryDict(search.removeprefix("?") if isinstance(search, str) else "")).asked


def link_loans(user: User, only: PortfolioFilter, currency: str) -> Callable[..., str | None]:
    """Return what gives the address of the list behind a mark; it gives None to those who may not see loans."""
    if not user.has_perm("borrowers.view_loan"):
        return lambda **marks: None
    base = reverse("admin:borrowers_loan_changelist")
    asked = {name: value for name, value in (only.as_parameters() | {"currency": currency}).items() if value}
    return lambda **marks: f"{base}?{urlencode(asked | marks)}"
