"""One settings file, driven by the environment (see .env.example); importing it starts and connects to nothing."""

import os
import secrets
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import Env

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.str("CREDITPATH_VAR", str(BASE_DIR / "var"))).resolve()


def _private_folder(path: Path) -> Path:
    """Return a folder that only its owner may open; made where it is missing."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _development_secret_key() -> str:
    """Return the key kept in var/, made at first use; only its owner may read it."""
    path = VAR_DIR / "secret-key"
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with open(path, "x", opener=lambda p, flags: os.open(p, flags, 0o600)) as stream:
            stream.write(secrets.token_urlsafe(60))
    except FileExistsError:
        pass
    return path.read_text()


# --- safety -----------------------------------------------------------------------------------------------------------
DEBUG = env.bool("DJANGO_DEBUG", False)
PRODUCTION = env.bool("CREDITPATH_PRODUCTION", False)
SECRET_KEY = env.str("DJANGO_SECRET_KEY", "")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("Set DJANGO_SECRET_KEY: in production the key is never generated.")
    SECRET_KEY = _development_secret_key()
ALLOWED_HOSTS = env.list("DJANGO_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("DJANGO_CSRF_TRUSTED_ORIGINS", [])

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # Dash apps are framed by our own pages
if PRODUCTION:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]

# --- applications -----------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "recovery",
    "scoring",
    "borrowers",
    "creditpath",
    "creditpath.jobs",
    "creditpath.idempotency",
    "creditpath.exports",
    "creditpath.accounts",
    "creditpath.admin_site.CreditPathAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_filters",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "django_plotly_dash",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "creditpath.middleware.RequestIdMiddleware",
    "creditpath.middleware.WellFormedRequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "creditpath.middleware.PrefixCSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "creditpath.middleware.RouteAccessMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",  # reads the body, so only of those who may send one
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_plotly_dash.middleware.BaseMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "creditpath.urls"
WSGI_APPLICATION = "creditpath.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "borrowers.context_processors.books",
            ],
        },
    }
]

# --- database ---------------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", "")
if DATABASE_URL:
    DATABASES = {"default": env.dj_db_url("DATABASE_URL", conn_max_age=60, conn_health_checks=True)}
else:
    # The server's socket and password are found when the first connection is made; see creditpath/embedded/.
    DATABASES = {
        "default": {
            "ENGINE": "creditpath.embedded",
            "NAME": "creditpath",
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "creditpath_cache"}}

# --- people -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "creditpath.accounts.backends.RoleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_LOCKOUT_CALLABLE = "creditpath.accounts.lockout.answer_locked_out"
AXES_VERBOSE = False

# X-Forwarded-For is believed only for so many proxies of ours; 0: it is not looked at.
PROXIES = env.int("CREDITPATH_PROXIES", 0)

# --- REST -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "knox.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["creditpath.api.RolePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "creditpath.api.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "NUM_PROXIES": PROXIES,
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min", "login": "10/min"},
    "EXCEPTION_HANDLER": "creditpath.api.error_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
REST_KNOX = {"TOKEN_TTL": timedelta(hours=12), "AUTO_REFRESH": False}
SPECTACULAR_SETTINGS = {
    "TITLE": "CreditPathAI API",
    "VERSION": "v1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["creditpath.api.RolePermission"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "PaymentChannel": "borrowers.models.Payment.Channel",
        "ContactChannel": "borrowers.models.ContactEvent.Channel",
        "AttemptChannel": "recovery.models.ContactReservation.Channel",
        "MessageChannel": "recovery.models.OutgoingMessage.Channel",
        "MessageState": "recovery.models.OutgoingMessage.State",
        "TemplateChannel": "recovery.models.MessageTemplate.Channel",
        "HoldChannel": "recovery.models.Hold.Channel",
        "HoldKind": "recovery.models.Hold.Kind",
        "PlanKind": "recovery.models.Plan.Kind",
        "PlanState": "recovery.models.PlanEvent.State",
        "BudgetLineKind": "recovery.models.PlanBudgetLine.Kind",
        "ProposalKind": "recovery.models.LoanProposal.Kind",
        "CareOutcome": "recovery.models.CareDecision.Outcome",
        "GrievanceChannel": "recovery.models.Grievance.Channel",
        "GrievanceKind": "recovery.models.Grievance.Kind",
        "GrievanceOutcome": "recovery.models.GrievanceAnswer.Outcome",
        "ContactOutcome": "borrowers.models.ContactEvent.Outcome",
    },
}

# --- static files and dashboards --------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "django_plotly_dash.finders.DashAssetFinder",
    "django_plotly_dash.finders.DashAppDirectoryFinder",
    "django_plotly_dash.finders.DashComponentFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "jpg", "gz", "woff2", "ico"]
MEDIA_ROOT = VAR_DIR / "media"

# --- uploads: streamed to where they stay, outside everything that is served ------------------------------------------
IMPORT_ROOT = VAR_DIR / "imports"
IMPORT_MAX_BYTES = env.int("CREDITPATH_UPLOAD_MB", 512) * 1024 * 1024
FILE_UPLOAD_TEMP_DIR = _private_folder(VAR_DIR / "incoming")
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # the form of a mapping has one for each column
PLOTLY_DASH = {
    "serve_locally": True,
    "view_decorator": "creditpath.access.dashboard_access",
    "cache_arguments": False,
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'self'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
    }
}

# --- language, time, logs ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
# The lender's zone: a business date ends at its midnight. The simulated lender is in New York.
TIME_ZONE = env.str("CREDITPATH_TIME_ZONE", "America/New_York")
# When the days that have ended are closed: cron, in that zone.
CLOSE_OF_BUSINESS_AT = env.str("CREDITPATH_CLOSE_AT", "30 0 * * *")

# --- messages to borrowers: printed until a mail server and an SMS provider are named -----------------------------------
EMAIL_BACKEND = env.str("CREDITPATH_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env.str("CREDITPATH_EMAIL_HOST", "localhost")
EMAIL_PORT = env.int("CREDITPATH_EMAIL_PORT", 25)
EMAIL_HOST_USER = env.str("CREDITPATH_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = env.str("CREDITPATH_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = env.bool("CREDITPATH_EMAIL_TLS", False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("CREDITPATH_EMAIL_FROM", "collections@localhost")
# Managers who have an address are told by e-mail what a close finds; the page shows it in any case.
ALERTS_BY_EMAIL = env.bool("CREDITPATH_ALERTS_BY_EMAIL", False)
SMS_BACKEND = env.str("CREDITPATH_SMS_BACKEND", "recovery.outreach.carriers.ConsoleSms")
LENDER_NAME = env.str("CREDITPATH_LENDER_NAME", "")  # as messages and calls name the lender
LENDER_PHONE = env.str("CREDITPATH_LENDER_PHONE", "")
# Where borrowers reach the product, such as https://pay.example.com: messages carry signed links then, else the word to reply.
PUBLIC_URL = env.str("CREDITPATH_PUBLIC_URL", "")
BORROWER_LINK_DAYS = env.int("CREDITPATH_BORROWER_LINK_DAYS", 60)  # how long a link of a message works
# Where the provider takes payments; ?reference=…&amount=…&currency=… is added. Without it the page shows the reference alone.
PAYMENT_URL = env.str("CREDITPATH_PAYMENT_URL", "")
# What signs the events of a telephone system, an SMS provider or a provider of payments; several while one is replaced, none
# closes the door.
EVENT_SECRETS: list[str] = env.list("CREDITPATH_EVENT_SECRETS", [])
# What a caller is asked before a debt is named (birth_date, postcode, loan_last_4, customer_number), and how much has to fit.
IDENTITY_FACTS: list[str] = env.list("CREDITPATH_IDENTITY_FACTS", ["birth_date", "postcode", "loan_last_4"])
IDENTITY_FACTS_NEEDED = env.int("CREDITPATH_IDENTITY_FACTS_NEEDED", 2)

# Trainings are told to MLflow where it is installed: into the product's own database, or to MLFLOW_TRACKING_URI.
MLFLOW = env.bool("CREDITPATH_MLFLOW", True)

# The commit that an image was built from, where no repository is beside it: every model says which code trained it.
REVISION = env.str("CREDITPATH_REVISION", "")

DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "creditpath.logs.RequestIdFilter"}},
    "formatters": {"json": {"()": "creditpath.logs.JsonFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["request_id"]}},
    "root": {"handlers": ["console"], "level": env.str("CREDITPATH_LOG_LEVEL", "WARNING")},
    "loggers": {"creditpath": {"level": "INFO"}, "skl2onnx": {"level": "ERROR"}},
}
