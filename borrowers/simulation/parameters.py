"""The numbers of the simulated lender, with the symbols of docs/simulation.md."""

from dataclasses import dataclass, field

MONTHS_BEFORE = 18  # loans may have been approved this long before the months of history begin
MIN_LOANS, MAX_LOANS = 1, 5_000_000
MIN_MONTHS, MAX_MONTHS = 3, 60


@dataclass(frozen=True)
class ProductTerms:
    """A product and how its loans are drawn; amounts in cents."""

    code: str
    name: str
    share: float
    terms: tuple[int, ...]
    low_cents: int
    high_cents: int
    annual_interest_ratio: float
    fee_cents: int
    tolerance_cents: int
    propensity: float
    late_fee_cents: int = 0
    guarantors: float = 0.0  # share of loans with one
    collateral: str = ""  # the kind of thing that secures every loan, worth its principal


PRODUCTS = (
    ProductTerms(
        "personal", "Personal loan", 0.52, (12, 18, 24, 36), 100_000, 1_500_000, 0.189, 0, 100, 0.10, 1_500, 0.04
    ),
    ProductTerms("short-term", "Short-term loan", 0.26, (3, 4, 6), 20_000, 150_000, 0.299, 0, 50, -0.35, 1_000),
    ProductTerms(
        "device", "Device finance", 0.22, (12, 18, 24), 30_000, 160_000, 0.099, 250, 100, 0.05, 0, 0.0, "device"
    ),
)


@dataclass(frozen=True)
class Behaviour:
    """How borrowers' willingness and ability evolve, and what they do with it."""

    # latent state, per borrower and month
    willingness_memory: float = 0.985
    shock_memory: float = 0.80
    job_loss: float = 0.012
    job_found: float = 0.20
    takes_less: float = 0.45  # of those who find work again
    lower_income: tuple[float, float] = (0.65, 0.95)  # of what they earned before
    income_recovery: float = 0.05  # of what is missing, a month
    # propensity to pay
    base: float = 3.30
    by_willingness: float = 1.40
    by_shock: float = 0.80
    by_unemployment: float = -2.2
    by_burden: float = -2.5  # instalment over today's income, minus mean_burden
    mean_burden: float = 0.05
    by_depth: tuple[float, ...] = (0.0, -1.20, -1.90, -2.30, -3.00)  # instalments unpaid: 0, 1, 2, 3, 4 or more
    by_contact: float = 0.35
    by_noise: float = 0.6
    # what is paid
    catches_up: tuple[float, ...] = (1.0, 0.75, 0.50, 0.40, 0.30)
    partial_if_not: float = 0.16
    pays_ahead: float = 0.01
    rounds_up: float = 0.05
    # when
    direct_debit: float = 0.45
    late_base: float = -1.75
    late_by_willingness: float = -0.6
    mean_days_late: float = 7.0
    # entries
    returned: float = 0.007
    repaid_after_return: float = 0.6
    booked_late: float = 0.03
    in_steps: float = 0.06  # of loans: the bank reports each step of debits and cards
    # charges
    return_fee_cents: int = 500
    charged_return: float = 0.5
    late_fee_after: int = 10  # days
    pays_fees: float = 0.75  # of borrowers, when they pay all that is owed
    waived_at_end: float = 0.30  # a month, when nothing else is open
    # collection
    attempt: tuple[float, ...] = (0.0, 0.30, 0.45, 0.55, 0.50)
    reach: float = 0.32
    promise_if_reached: float = 0.45
    kept: float = 0.15
    pays_when_reached: float = 0.08
    restructured_if_hardship: float = 0.30
    asks_for_help: float = 0.06  # while without work and not late
    written_off_from: int = 7  # unpaid instalments
    written_off: float = 0.70
    recovered: float = 0.02
    # standing, a month
    placed_from: int = 4  # unpaid instalments
    placed: float = 0.08
    recalled: float = 0.10
    recovered_when_placed: float = 0.04
    sold: float = 0.05  # of what is written off and not placed
    sale_price: tuple[float, float] = (0.04, 0.12)
    bankrupt: float = 0.004  # with two instalments unpaid or more
    by_bankruptcy: float = -3.0
    # messages and calls
    unconnected: float = 0.06  # of calls that nobody answers
    opts_out: float = 0.01  # of those who get one


@dataclass(frozen=True)
class Parameters:
    products: tuple[ProductTerms, ...] = PRODUCTS
    behaviour: Behaviour = field(default_factory=Behaviour)
    loans_per_borrower: tuple[float, ...] = (0.80, 0.15, 0.05)
    shares_household: float = 0.12
    co_borrowers: float = 0.5  # of loans of those who share one
    by_co_borrower: float = 0.25
    authorised: float = 0.01
    consents: tuple[float, float] = (0.94, 0.90)  # telephone, e-mail
    log_income_mean: float = 8.05
    log_income_spread: float = 0.42
    loans_a_block: int = (
        50_000  # blocks are simulated one by one, so that memory does not grow with the number of loans
    )
