"""Ask this machine's web server whether it is well: `python -m creditpath.probe` exits 0 if /healthz answers 200."""

import http.client
import os
import sys


def answers(port: int, host: str = "localhost") -> bool:
    """Tell whether /healthz answers 200 at 127.0.0.1; `host` is a name that the site is known by."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def known_host() -> str:
    """Return a name from DJANGO_ALLOWED_HOSTS: the site refuses to answer to any other."""
    first = os.environ.get("DJANGO_ALLOWED_HOSTS", "").split(",")[0].strip()
    return "localhost" if first in {"", "*"} else f"www{first}" if first.startswith(".") else first


if __name__ == "__main__":
    sys.exit(not answers(int(os.environ.get("PORT") or 8000), known_host()))
