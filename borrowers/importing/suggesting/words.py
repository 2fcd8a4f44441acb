"""Words that headers are made of: abbreviations, words of other languages, currencies."""

# A word or an abbreviation, also of other languages, without accents -> the word it stands for.
ABBREVIATIONS = {
    "acc": "account", "acct": "account", "ac": "account", "accnt": "account", "a/c": "account", "conto": "account",
    "kto": "account", "konto": "account", "kd": "customer", "tage": "days", "tg": "days", "uberf": "past due",
    "uberfallig": "past due", "uberfallige": "past due", "uberfalliger": "past due", "ueberfaellige": "past due",
    "darlehens": "loan", "vertrags": "contract", "ueberfaellig": "past due", "verzug": "past due", "ruckstd": "arrears",
    "ruckstand": "arrears", "rueckstand": "arrears", "restschuld": "outstanding balance",
    "addr": "address", "adresse": "address", "direccion": "address", "endereco": "address", "amnt": "amount",
    "amt": "amount", "betrag": "amount", "importe": "amount", "monto": "amount", "montant": "amount",
    "valor": "amount", "sum": "amount", "value": "amount", "appr": "approved", "approval": "approved",
    "sanction": "approved", "sanctioned": "approved", "granted": "approved", "arr": "arrears", "arrear": "arrears",
    "delq": "delinquent", "delinq": "delinquent", "delinquency": "delinquent", "bal": "balance", "saldo": "balance",
    "solde": "balance", "birthdate": "birth date", "dob": "birth date", "birthday": "birth date",
    "geburtsdatum": "birth date", "nacimiento": "birth date", "borr": "borrower", "cust": "customer",
    "cus": "customer", "client": "customer", "clientes": "customer", "cliente": "customer", "clnt": "customer",
    "kunde": "customer", "kunden": "customer", "member": "customer", "debtor": "customer", "obligor": "customer",
    "party": "customer", "applicant": "customer", "cif": "customer id", "borrower": "customer", "ccy": "currency",
    "curr": "currency", "cur": "currency", "moneda": "currency", "divisa": "currency", "devise": "currency",
    "waehrung": "currency", "wahrung": "currency", "chnl": "channel", "mode": "channel", "method": "channel",
    "cntr": "contract", "contrat": "contract", "contrato": "contract", "vertrag": "contract",
    "vertragsnummer": "contract number", "kundennummer": "customer number", "agreement": "contract",
    "facility": "loan", "deal": "loan", "credit": "loan", "credito": "loan", "darlehen": "loan",
    "emprestimo": "loan", "kredit": "loan", "pret": "loan", "prestamo": "loan", "ln": "loan", "advance": "loan",
    "mortgage": "loan", "lan": "loan account number", "dt": "date", "fecha": "date", "datum": "date", "data": "date",
    "day": "date", "on": "date", "am": "date", "at": "date", "ts": "date", "timestamp": "date", "datetime": "date",
    "month": "month", "mth": "month", "monat": "month", "mes": "month", "monthly": "month", "months": "month",
    "qtr": "quarter", "period": "period", "per": "period", "dd": "due date", "duedate": "due date", "faellig": "due",
    "fallig": "due", "faelligkeit": "due date", "vencimiento": "due date", "echeance": "due date",
    "vencimento": "due date", "payable": "due", "disb": "disbursed", "disbursal": "disbursed",
    "disbursement": "disbursed", "disburse": "disbursed", "booking": "disbursed", "issue": "disbursed",
    "issued": "disbursed", "opened": "disbursed", "open": "disbursed", "origination": "disbursed",
    "originated": "disbursed", "orig": "original", "opening": "disbursed", "start": "disbursed",
    "funded": "disbursed", "close": "closed", "closing": "closing", "booked": "disbursed", "creation": "created",
    "dpd": "days past due", "dayspastdue": "days past due", "dlq": "days past due", "daysoverdue": "days past due",
    "verzugstage": "days past due", "mora": "days past due", "atraso": "days past due", "late": "overdue",
    "mail": "email", "e-mail": "email", "correo": "email", "emi": "instalment amount", "pmi": "instalment amount",
    "fst": "first", "frst": "first", "nxt": "next", "lst": "last", "prev": "previous", "freq": "frequency",
    "fname": "first name", "lname": "last name", "surname": "last name", "forename": "first name", "nombre": "name",
    "nom": "name", "nome": "name", "vorname": "first name", "nachname": "last name", "nm": "name", "fee": "fees",
    "charges": "fees", "charge": "fees", "penalty": "fees", "identifier": "id", "key": "id", "uid": "id",
    "uuid": "id", "guid": "id", "code": "code", "no": "number", "nr": "number", "num": "number", "nbr": "number",
    "nummer": "number", "numero": "number", "#": "number", "ref": "reference", "inst": "instalment",
    "instl": "instalment", "instal": "instalment", "installment": "instalment", "installments": "instalments",
    "cuota": "instalment", "rate": "rate", "int": "interest", "intt": "interest", "interes": "interest",
    "zins": "interest", "zinssatz": "interest rate", "apr": "interest rate", "roi": "interest rate", "tasa": "rate",
    "ir": "interest rate", "coupon": "interest rate", "percentage": "percent", "pct": "percent", "lang": "language",
    "idioma": "language", "sprache": "language", "tz": "time zone", "timezone": "time zone", "mat": "maturity",
    "matur": "maturity", "expiry": "maturity", "end": "maturity", "endedate": "maturity", "mob": "month book",
    "msisdn": "phone", "mobile": "phone", "cell": "phone", "cellphone": "phone", "tel": "phone",
    "telephone": "phone", "telefon": "phone", "telefono": "phone", "celular": "phone", "contactno": "phone",
    "whatsapp": "phone", "od": "overdue", "ovd": "overdue", "vencido": "overdue", "delinquent": "overdue",
    "pastdue": "past due", "os": "outstanding", "o/s": "outstanding", "outs": "outstanding", "outst": "outstanding",
    "outstd": "outstanding", "pos": "principal outstanding", "pendiente": "outstanding", "remaining": "outstanding",
    "unpaid": "outstanding", "upb": "outstanding balance", "ead": "outstanding balance",
    "exposure": "outstanding balance", "olb": "outstanding balance", "receivable": "outstanding", "paid": "paid",
    "pay": "payment", "pmt": "payment", "pymt": "payment", "pmnt": "payment", "pago": "payment",
    "paiement": "payment", "repayment": "payment", "repaid": "paid", "zahlung": "payment", "collection": "payment",
    "collected": "paid", "received": "paid", "receipt": "payment", "rcpt": "payment", "recpt": "payment",
    "remittance": "payment", "trx": "payment", "txn": "payment", "tran": "payment", "transaction": "payment",
    "trans": "payment", "ppal": "principal", "prin": "principal", "princ": "principal", "prncpl": "principal",
    "capital": "principal", "prod": "product", "producto": "product", "produkt": "product", "prd": "product",
    "scheme": "product", "rept": "reporting", "reported": "reporting", "rpt": "reporting", "report": "reporting",
    "snapshot": "reporting", "snap": "reporting", "cutoff": "reporting", "cob": "reporting", "eom": "reporting date",
    "effective": "effective", "valuation": "reporting", "position": "reporting", "extract": "reporting",
    "stichtag": "reporting date", "asof": "reporting", "asat": "reporting", "observation": "reporting",
    "run": "reporting", "business": "reporting", "processing": "reporting", "yyyymm": "reporting month",
    "sched": "schedule", "stat": "status", "estado": "status", "statut": "status", "state": "state", "tenor": "term",
    "tenure": "term", "duration": "term", "plazo": "term", "laufzeit": "term", "termdays": "term days",
    "tot": "total", "wo": "written off", "w/o": "written off", "writeoff": "written off", "chargeoff": "written off",
    "charged": "written", "write": "written", "waiver": "waived", "seq": "sequence", "bkt": "bucket", "segment": "segment",
}  # fmt: skip

# Words that need no other, so that they are found inside longer ones.
WORDS_ALONE = frozenset(
    ["amount", "avg", "closed", "customer", "income", "limit", "loan", "max", "min", "original", "previous", "score"]
)  # fmt: skip

# Currencies that headers carry in brackets, "Amount (NGN)", and signs that stand before amounts.
CURRENCIES = frozenset(
    {
        "AED", "ARS", "AUD", "BDT", "BGN", "BHD", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP",
        "ETB", "EUR", "GBP", "GHS", "HKD", "HUF", "IDR", "ILS", "INR", "JOD", "JPY", "KES", "KRW", "KWD", "LKR",
        "MAD", "MXN", "MYR", "NGN", "NOK", "NPR", "NZD", "OMR", "PEN", "PHP", "PKR", "PLN", "QAR", "RON", "RSD",
        "RUB", "RWF", "SAR", "SEK", "SGD", "THB", "TND", "TRY", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "VND",
        "XAF", "XOF", "ZAR", "ZMW",
    }
)  # fmt: skip
SIGNS = {
    "€": "EUR", "£": "GBP", "₦": "NGN", "₹": "INR", "R$": "BRL", "₱": "PHP", "₺": "TRY", "zł": "PLN", "₫": "VND",
    "₴": "UAH", "KSh": "KES", "GH₵": "GHS",
}  # fmt: skip
