"""Settings of the whole project: safe for development as they stand, switched by the environment in production.

Every variable is listed in `.env.example`. What production still lacks is named by `manage.py check --deploy`
(ids `oms.E…` and `oms.W…`, see `oms/checks.py`).
"""

from pathlib import Path

import environ
from django.utils.csp import CSP

from oms import addresses, embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

# ── Secrets: given by the environment, or made once per installation and kept in the data folder ─────────────────

_GENERATED = {} if env.str("SECRET_KEY", "") and env.str("HOMEWARD_MASTER_KEYS", "") else embedded.secrets()


def _secret(name: str, generated: str) -> str:
    return env.str(name, "") or _GENERATED.get(generated, "")


SECRET_KEY = _secret("SECRET_KEY", "secret_key")
# Newest first, `id:base64 of 32 bytes`, comma separated: the first wraps new data keys, all unwrap old ones.
MASTER_KEYS = _secret("HOMEWARD_MASTER_KEYS", "master_keys")
BLIND_INDEX_KEY = _secret("HOMEWARD_INDEX_KEY", "index_key")
EVENT_CHAIN_KEY = _secret("HOMEWARD_CHAIN_KEY", "chain_key")

DEBUG = env.bool("DEBUG", False)
PRODUCTION = env.bool("HOMEWARD_PRODUCTION", False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where customers reach the portal: the base of every link in a mail.
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")

# ── Applications ──────────────────────────────────────────────────────────────────────────────────────────────────

INSTALLED_APPS = [
    "oms",
    "inventory",
    "returns",
    "refunds",
    "notifications",
    "reporting",
    "oms.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "oms.apps.StaticFilesConfig",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "oms.middleware.correlation",
    "oms.middleware.storable_paths",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "oms.middleware.ways_on",
]

ROOT_URLCONF = "oms.urls"
WSGI_APPLICATION = "oms.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "oms.context.shop",
                "oms.context.navigation",
            ],
        },
    }
]
FORM_RENDERER = "oms.form_rendering.Renderer"

# ── Database and broker: embedded unless named ────────────────────────────────────────────────────────────────────

_SESSIONS = {
    "ENGINE": "oms.postgresql",
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {"server_side_binding": True, "prepare_threshold": 2},  # 35–45 % less work for PostgreSQL
}
if env.str("DATABASE_URL", ""):
    _NAMED = addresses.postgres(env.str("DATABASE_URL"))
    _OPTIONS = _SESSIONS["OPTIONS"] | {"connect_timeout": 10} | _NAMED.get("OPTIONS", {})
    DATABASES = {"default": {**_NAMED, **_SESSIONS, "EMBEDDED": False, "OPTIONS": _OPTIONS}}
else:
    DATABASES = {"default": {**_SESSIONS, "EMBEDDED": True, "NAME": "homeward"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = addresses.redis(env.str("REDIS_URL", "")) or embedded.valkey_url()
CACHES = {
    "default": {
        "BACKEND": "oms.cache.ForgetfulCache",
        "LOCATION": embedded.cache_url(REDIS_URL),
        "OPTIONS": embedded.cache_options(REDIS_URL),
    }
}

# Settings, reasons, conditions and policies are read on every page: each process keeps them this long.
REMEMBER_SECONDS = env.float("REMEMBER_SECONDS", 5.0)

# What inspection decides is booked, paid and told a minute later, and can be taken back until then; else at once.
VERDICTS_WAIT = env.bool("VERDICTS_WAIT", True)

SESSION_ENGINE = "oms.sessions"

# ── Celery: the database is the truth, the broker only a bell ─────────────────────────────────────────────────────

CELERY_BROKER_URL = embedded.broker_url(REDIS_URL)
CELERY_DB_REUSE_MAX = 10_000  # otherwise each task has a session of its own: 10 ms and nothing prepared
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 30
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TASK_SEND_SENT_EVENT = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 60,
    "socket_timeout": 5,
    "socket_connect_timeout": 0.2,
}
# A broker that is away must not be felt by a request: one try, no wait (`retry=False` would block for seconds).
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
QUEUES = ("labels", "refunds", "mail", "default", "long")

# ── People ────────────────────────────────────────────────────────────────────────────────────────────────────────

AUTH_USER_MODEL = "oms.User"
AUTHENTICATION_BACKENDS = ["oms.adapters.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/staff/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "oms.adapters.StaffAccountAdapter"
ACCOUNT_FORMS = {
    "login": "oms.account_forms.StaffLoginForm",
    "reset_password": "oms.account_forms.StaffResetPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Homeward"
MFA_FORMS = {
    "authenticate": "oms.second_factor.CountedAuthenticateForm",
    "reauthenticate": "oms.second_factor.CountedReauthenticateForm",
}
SESSION_COOKIE_AGE = 12 * 3600

# ── Safety ────────────────────────────────────────────────────────────────────────────────────────────────────────

SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
SECURE_REDIRECT_EXEMPT = [r"^healthz"]
CSRF_FAILURE_VIEW = "oms.views.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_500_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = [
    "oms.uploads.LimitedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# ── Language, time, files ─────────────────────────────────────────────────────────────────────────────────────────

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["oms.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.path("STATIC_ROOT", embedded.data_dir() / "static")()
WHITENOISE_USE_FINDERS = True  # without `collectstatic` (tests, a first look) the sources are served
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # a plain name is served too, from its source
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "oms.staticfiles.Storage"},
}

# ── Vendors ───────────────────────────────────────────────────────────────────────────────────────────────────────

STRIPE_API_KEY = env.str("STRIPE_API_KEY", "sk_test_homeward")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", "")  # empty: Stripe itself
STRIPE_WEBHOOK_SECRET = _secret("STRIPE_WEBHOOK_SECRET", "stripe_webhook_secret")
PAYPAL_CLIENT_ID = env.str("PAYPAL_CLIENT_ID", "sandbox_homeward")
PAYPAL_CLIENT_SECRET = env.str("PAYPAL_CLIENT_SECRET", "")
PAYPAL_API_BASE = env.str("PAYPAL_API_BASE", "")  # empty: PayPal itself
PAYPAL_WEBHOOK_ID = env.str("PAYPAL_WEBHOOK_ID", "")  # part of what is signed; empty: no message is believed
# Where the accounting delivers its files for the nightly comparison; empty: finance uploads them.
ACCOUNTING_FOLDER = env.str("ACCOUNTING_FOLDER", "")
EASYPOST_API_KEY = env.str("EASYPOST_API_KEY", "EZTK_homeward")
EASYPOST_API_BASE = env.str("EASYPOST_API_BASE", "")  # empty: EasyPost itself
EASYPOST_WEBHOOK_SECRET = _secret("EASYPOST_WEBHOOK_SECRET", "easypost_webhook_secret")

# Without EMAIL_URL mails stay in the database, where staff read them as rendered.
EMAIL_URL = env.str("EMAIL_URL", "")
_MAIL = env.email_url("EMAIL_URL") if EMAIL_URL else {}
_MAIL_OPTIONS = {
    "host": _MAIL.get("EMAIL_HOST"),
    "port": _MAIL.get("EMAIL_PORT"),
    "username": _MAIL.get("EMAIL_HOST_USER"),
    "password": _MAIL.get("EMAIL_HOST_PASSWORD"),
    "use_tls": _MAIL.get("EMAIL_USE_TLS", False),
    "use_ssl": _MAIL.get("EMAIL_USE_SSL", False),
    "timeout": 10,
}
MAILERS = {
    "default": {
        "BACKEND": _MAIL.get("EMAIL_BACKEND", "django.core.mail.backends.dummy.EmailBackend"),
        "OPTIONS": {k: v for k, v in _MAIL_OPTIONS.items() if v} if "smtp" in _MAIL.get("EMAIL_BACKEND", "") else {},
    }
}
# A month of the books is closed by two people: one asks, another closes it.
BOOKS_CLOSED_BY_TWO = env.bool("BOOKS_CLOSED_BY_TWO", True)
ACCOUNTING_EMAIL = env.str("ACCOUNTING_EMAIL", "accounting@example.test")

# ── Logs: sentences for operators, never bodies, tokens or personal data ──────────────────────────────────────────

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    # Who holds a link of a customer can act for them, so no link reaches a log.
    "filters": {"links": {"()": "oms.redaction.WithoutLinks"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links"]}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {
        "django.server": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
        # At INFO these name the address of each call: a label's address lets everyone read it.
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
