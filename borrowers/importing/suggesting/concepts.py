"""What we look for, and the names that lenders give to it, in the words of words.py; the first are the plainest."""

CONCEPTS: dict[str, tuple[str, ...]] = {
    "customer_id": (
        "customer id", "customer number", "customer code", "customer reference", "customer", "national id",
        "customer account number",
    ),
    "customer_name": (
        "customer name", "full name", "name", "customer full name", "customer account name", "account name",
    ),
    "birth_date": ("birth date", "date birth", "date of birth", "birth"),
    "phone": ("phone", "phone number", "customer phone", "contact number", "phone date"),
    "email": ("email", "email address", "email id"),
    "address": ("address", "street", "residence", "customer address"),
    "language": ("language", "preferred language"),
    "time_zone": ("time zone",),
    "country": ("country", "country code", "jurisdiction", "nationality"),
    "household": ("household", "household id", "household number", "family id"),
    "loan_id": (
        "loan id", "loan number", "loan account number", "account number", "account id", "loan account",
        "contract number", "contract id", "contract", "loan reference", "account reference", "system loan id",
        "loan", "account", "loan code", "card number",
    ),
    "product": (
        "product", "product code", "product type", "product name", "loan type", "loan product", "account type",
        "product id",
    ),
    "currency": ("currency", "currency code"),
    "principal": (
        "principal amount", "loan amount", "principal", "disbursed amount", "approved amount", "original balance",
        "original amount", "original loan amount", "original principal", "amount disbursed", "loan principal",
        "balance original", "original loan balance", "contract amount", "principal disbursed", "amount approved",
        "amount financed", "balance original date",
    ),
    "rate": (
        "interest rate", "rate", "annual interest rate", "annual rate", "interest percent", "nominal rate",
        "interest ratio",
    ),
    "term_days": ("term days", "days term"),
    "term_months": ("term", "term month", "loan term", "original term", "term in month", "month term"),
    "approved_on": (
        "approved date", "disbursed date", "approved", "date disbursed", "loan date", "date approved",
        "contract date", "account disbursed date", "disbursed", "date disbursed account", "value date loan",
        "loan disbursed date",
    ),
    "first_due_on": (
        "first due date", "first due", "first payment date", "first instalment date", "first payment due date",
        "first instalment due date",
    ),
    "maturity_on": ("maturity date", "maturity", "final due date", "last due date", "loan maturity date"),
    "n_instalments": (
        "instalments", "number of instalments", "number instalments", "instalments number", "number payment",
        "payments count",
    ),
    "total_due": (
        "total due", "total payable", "total due amount", "amount total due", "total repayable", "total payment due",
    ),
    "written_off_on": ("written off date", "written off", "date written off", "written date"),
    "payment_id": (
        "payment id", "payment reference", "payment number", "reference", "reference number",
        "payment reference number", "voucher number",
    ),
    "payment_amount": (
        "payment amount", "amount paid", "paid amount", "payment", "amount", "paid", "credit amount",
        "payment amount amount",
    ),
    "payment_date": (
        "payment date", "date paid", "paid", "paid date", "value date", "amount date", "posting date", "effective date",
        "date", "entry date", "date payment",
    ),
    "channel": ("channel", "payment channel", "payment type"),
    "due_on": (
        "due date", "instalment date", "instalment due date", "date due", "schedule date", "payment due date",
        "next due date",
    ),
    "principal_due": (
        "principal due", "principal", "principal amount", "instalment principal", "principal component",
        "due principal", "schedule principal",
    ),
    "interest_due": (
        "interest due", "interest", "interest amount", "instalment interest", "interest component", "due interest",
    ),
    "fee_due": ("fees due", "fees", "fees amount", "due fees"),
    "instalment_number": (
        "instalment number", "number", "instalment", "sequence", "instalment sequence", "sequence number",
    ),
    "balance": (
        "balance", "outstanding balance", "outstanding", "principal outstanding", "outstanding principal",
        "current balance", "outstanding amount", "loan balance", "closing balance", "principal balance",
        "total outstanding", "balance outstanding", "account balance", "balance amount", "outstanding loan balance",
        "ledger balance", "book balance", "balance date", "net balance",
    ),
    "dpd": (
        "days past due", "days overdue", "overdue days", "days in arrears", "arrears days", "days arrears",
        "number days past due", "current days past due", "days delinquent", "past due days", "max days past due",
    ),
    "amount_due": (
        "amount due", "overdue amount", "amount overdue", "arrears amount", "arrears", "overdue", "past due amount",
        "amount past due", "total overdue", "due amount", "total arrears", "overdue balance", "past due",
        "arrears balance", "amount in arrears", "minimum due",
    ),
    "as_of": (
        "reporting date", "as of date", "as date", "as of", "balance date", "reporting", "reporting month",
        "statement date", "month end date", "month end", "status date", "date reporting", "reporting end",
        "month balance", "date", "month maturity date", "as date date",
    ),
    "month_index": ("month balance", "month", "period", "quarter", "time", "date", "month number"),
    "month_on_book": ("month book", "age month", "loan age"),
    "status": (
        "status", "days past due bucket", "bucket", "overdue status", "loan status", "account status",
        "overdue bucket", "arrears bucket",
    ),
    "instalment_amount": (
        "instalment amount", "instalment", "month instalment", "month payment", "month instalment amount",
        "amount instalment",
    ),
    "last_payment_on": ("last payment date", "last paid date", "date last payment"),
    "last_payment_amount": ("last payment amount", "last paid amount", "last payment"),
    "next_due_on": ("next due date", "next payment date", "next instalment date"),
    "charge_kind": ("fees type", "fees kind", "fees code", "type", "kind"),
    "charge_amount": ("fees amount", "amount fees", "fees", "amount levied", "levied", "amount imposed", "amount"),
    "charge_date": (
        "fees date", "date fees", "levied date", "date levied", "imposed date", "assessed date", "posting date", "effective date",
        "entry date", "date",
    ),
    "waived_on": ("waived date", "waived", "date waived"),
    "contact_channel": ("contact type", "contact channel", "contact method", "channel", "action type", "action", "type"),
    "contact_outcome": (
        "outcome", "result", "disposition", "call result", "call outcome", "contact result", "contact outcome", "call status",
        "call disposition", "response", "feedback", "result code", "disposition code",
    ),
    "contact_at": (
        "call date", "contact date", "call time", "contact time", "date call", "action date", "attempt date", "call date time",
        "visit date", "date", "time", "start time", "contacted date", "called date", "called",
    ),
    "contact_note": ("note", "notes", "remarks", "remark", "comment", "comments"),
}  # fmt: skip
