"""The verbs of outreach."""

from recovery.outreach.dialler import make_dialler_file, write_dialler_csv
from recovery.outreach.dialler_results import ResultsReport, read_results, record_results
from recovery.outreach.dispatching import DispatchReport, dispatch_messages
from recovery.outreach.opting_out import opt_out
from recovery.outreach.queueing import (
    Draft,
    cancel_message,
    draft_message,
    queue_message,
    render_for,
    resolve_message,
)
from recovery.outreach.templating import (
    ensure_shipped_templates,
    find_template,
    publish_template,
    retire_template,
    revise_template,
    templates_for,
)

__all__ = [
    "DispatchReport",
    "Draft",
    "ResultsReport",
    "cancel_message",
    "dispatch_messages",
    "draft_message",
    "ensure_shipped_templates",
    "find_template",
    "make_dialler_file",
    "opt_out",
    "publish_template",
    "queue_message",
    "read_results",
    "record_results",
    "render_for",
    "resolve_message",
    "retire_template",
    "revise_template",
    "templates_for",
    "write_dialler_csv",
]
