"""Why a loan is so many days past due: every line, every entry, every rule that made the figure."""
