"""System checks of the work: recovery.W001."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register

CONSOLE = "recovery.outreach.carriers.ConsoleSms"


@register(deploy=True)
def text_messages_leave_the_console(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn where text messages would be printed and counted as sent although the product is in production."""
    if not settings.PRODUCTION or settings.SMS_BACKEND != CONSOLE:
        return []
    return [
        Warning(
            "Text messages are printed and reach nobody: CREDITPATH_SMS_BACKEND names no provider.",
            hint="Name the class of your provider's carrier, or send no text messages.",
            id="recovery.W001",
        )
    ]
