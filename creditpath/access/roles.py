"""Groups of roles by what they do."""

import enum
from typing import Final

from creditpath.accounts.models import Role


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
# Who keeps evidence and has it erased, two of them for one erasure.
EVIDENCE_KEEPERS = frozenset({Role.COMPLIANCE, Role.ADMIN})
CASHIERS = frozenset({Role.MANAGER, Role.ADMIN, Role.INTEGRATION})
IMPORTERS = frozenset({Role.MANAGER, Role.ADMIN})
# Who says when agents work and whose cases go to whom.
TEAM_LEADERS = frozenset({Role.MANAGER, Role.ADMIN})
# Data scientists are told of models alone.
ALERT_READERS = frozenset({Role.MANAGER, Role.COMPLIANCE, Role.DATA_SCIENTIST, Role.ADMIN})
POLICY_WRITERS = frozenset({Role.MANAGER, Role.ADMIN})
POLICY_READERS = STAFF | {Role.AGENT}
MODEL_READERS = STAFF | {Role.INTEGRATION}
# Who makes models, who examines them, and who lets them go live: never the same person for one model.
MODEL_MAKERS = frozenset({Role.DATA_SCIENTIST, Role.ADMIN})
MODEL_VALIDATORS = frozenset({Role.DATA_SCIENTIST, Role.ANALYST, Role.COMPLIANCE, Role.ADMIN})
MODEL_APPROVERS = frozenset({Role.DATA_SCIENTIST, Role.MANAGER, Role.COMPLIANCE, Role.ADMIN})
