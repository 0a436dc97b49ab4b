"""Settings, from the environment (`.env.example` lists every variable with its meaning)."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from readiness import environment as env
from readiness import logs

# ── Paths ────────────────────────────────────────────────────────────────────
BASE_DIR = Path(__file__).resolve().parent.parent
RELEASE = "0.1.0"  # as in pyproject.toml
DATA_DIR = env.folder("DATA_DIR", BASE_DIR / "var")
STATIC_ROOT = DATA_DIR / "static"
FILES_DIR = DATA_DIR / "files"
MAIL_DIR = DATA_DIR / "mail"

# ── Apps ─────────────────────────────────────────────────────────────────────
INSTALLED_APPS = [
    "reports",
    "assessments",
    "projects",
    "toolkit",
    "accounts",
    "foundation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "csp",
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "bootstrap5"
ROOT_URLCONF = "readiness.urls"
WSGI_APPLICATION = "readiness.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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
                "projects.context.reader",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "toolkit.templatetags.framework",
                "assessments.templatetags.answers",
                "assessments.templatetags.unchanging",
                "readiness.tabs",
            ],
        },
    }
]

# ── Middleware ───────────────────────────────────────────────────────────────
MIDDLEWARE = [
    "readiness.middleware.FollowMiddleware",
    "readiness.middleware.HeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "readiness.middleware.MachineMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "readiness.middleware.CompressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.ReaderMiddleware",
    "readiness.middleware.GateMiddleware",
    "readiness.middleware.OnceMiddleware",
    "readiness.middleware.PaceMiddleware",
    "readiness.middleware.SignInMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "readiness.middleware.RefusalMiddleware",
]

# ── Database ─────────────────────────────────────────────────────────────────
DATABASES = {
    "default": env.database("DATABASE_URL")
    or {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "readiness.sqlite3",
        "OPTIONS": {
            # A confirmed save survives a power cut; two writers wait for each other instead of failing (FINDINGS).
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
        },
    }
}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("options", "-c statement_timeout=30s -c lock_timeout=10s")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.url("REDIS_URL", ("redis", "rediss", "unix"))
CACHES = {
    "default": {"BACKEND": "foundation.caches.ForgivingRedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
        "OPTIONS": {"MAX_ENTRIES": 2000},  # above it a third is thrown away, counts of wrong passwords among them
    }
}

# ── Auth ─────────────────────────────────────────────────────────────────────
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.sessions.Backend"]
SESSION_ENGINE = "accounts.sessions"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {"login": "accounts.forms.LoginForm"}
# Strict for an account, generous for an address: behind one there may be a whole office, or a workshop. Those of an
# address are ours: allauth counts behind a lock, for which the people of an office who sign in together would wait.
ACCOUNT_RATE_LIMITS = {"login": "", "login_failed": "5/5m/key", "reset_password": "20/m/ip,5/m/key"}
SIGN_INS_PER_MINUTE, WRONG_PASSWORDS_PER_MINUTE = 120, 60  # from one address
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = False

# ── Internationalisation ─────────────────────────────────────────────────────
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True
FORMAT_MODULE_PATH = ["readiness.formats"]

# ── Files ────────────────────────────────────────────────────────────────────
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_DIR}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
UPLOAD_MEGABYTES = env.number("UPLOAD_MEGABYTES", 50, least=1, most=200)
UPLOADS_PER_HOUR = env.number("UPLOADS_PER_HOUR", 100, least=1, most=100_000)  # of one person
PROJECT_MEGABYTES = env.number("PROJECT_MEGABYTES", 2000, least=1, most=1_000_000)  # of a project's evidence
CLAMD = env.place("CLAMD")  # of ClamAV's daemon; "": files are not scanned
DATA_UPLOAD_MAX_MEMORY_SIZE = 3 * 1024 * 1024
LARGEST_UPLOAD = 2 * UPLOAD_MEGABYTES * 1024 * 1024 + DATA_UPLOAD_MAX_MEMORY_SIZE  # bytes: of a form with its files
FILE_UPLOAD_HANDLERS = ["foundation.files.UploadOrNone"]
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# ── Mail ─────────────────────────────────────────────────────────────────────
EMAIL_URL = env.url("EMAIL_URL", ("smtp", "smtps", "smtp+tls", "smtp+ssl"))
if EMAIL_URL:
    _mail = urlsplit(EMAIL_URL)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.username or "", _mail.password or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme in {"smtps", "smtp+ssl"}
    EMAIL_TIMEOUT = 20
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = str(MAIL_DIR)
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", "Readiness <readiness@localhost>")

# ── Celery ───────────────────────────────────────────────────────────────────
_broker_folder = DATA_DIR / "broker"
CELERY_BROKER_URL = REDIS_URL or "filesystem://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 900,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,  # a page waits no longer for a Redis that does not answer
    }
    if REDIS_URL
    else {
        "data_folder_in": str(_broker_folder / "queue"),
        "data_folder_out": str(_broker_folder / "queue"),
        "control_folder": str(_broker_folder / "control"),
        "processed_folder": str(_broker_folder / "done"),
        "polling_interval": 0.2,
    }
)
if not REDIS_URL:
    for _part in ("queue", "control", "done"):
        (_broker_folder / _part).mkdir(parents=True, exist_ok=True)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_TIME_LIMIT = 300
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_PUBLISH_RETRY = False
JOB_LEASE_SECONDS = env.number("JOB_LEASE_SECONDS", 30, least=2, most=3600)
CLOCK_SECONDS = env.number("CLOCK_SECONDS", 5, least=1, most=600)

# ── Security ─────────────────────────────────────────────────────────────────
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret("SECRET_KEY", DATA_DIR / "secret_key")
SECRET_KEY_FALLBACKS = env.keys("SECRET_KEY_FALLBACKS")
SITE_URL = env.url("SITE_URL", ("http", "https")) or f"http://127.0.0.1:{env.number('PORT', 8000, least=1, most=65535)}"
_https = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]", urlsplit(SITE_URL).hostname or ""]
CSRF_TRUSTED_ORIGINS = [SITE_URL] if _https else []
CSRF_FAILURE_VIEW = "readiness.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE_SSL_REDIRECT = _https
# “__Host-”: the browser takes such a cookie only with https, for this host alone and for all of its paths.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = ("__Host-session", "__Host-csrf") if _https else ("session", "csrf")
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
WRITES_PER_MINUTE = env.number("WRITES_PER_MINUTE", 240, least=1, most=1_000_000)  # of one person: saves, forms
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _https
_behind_proxy = env.flag("BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _behind_proxy else None
ALLAUTH_TRUSTED_PROXY_COUNT = int(_behind_proxy)  # so that rate limits see the visitor, not the proxy
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
WHITENOISE_ALLOW_ALL_ORIGINS = False
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        "worker-src": [SELF],
    }
}
# The demonstration: its password, and whether served mode may load it.
DEMO_PASSWORD = env.text("DEMO_PASSWORD", "demo-readiness")
DEMO_ALLOWED = env.flag("DEMO_ALLOWED") or not DATABASES["default"]["ENGINE"].endswith("postgresql")

# ── Logging ──────────────────────────────────────────────────────────────────
LOGGING = logs.configuration(
    env.one_of("LOG_FORMAT", ["plain", "json"], "plain"),
    env.one_of("LOG_LEVEL", ["DEBUG", "INFO", "WARNING", "ERROR"], "INFO"),
)

# ── Figures ──────────────────────────────────────────────────────────────────
METRICS_TOKEN = env.keys("METRICS_TOKEN")  # several while one gives way to another
METRICS_DIR = Path(env.text("METRICS_DIR", str(DATA_DIR / "metrics")))

LANGUAGE_NAMES_OF_CONTENT = {
    "fr": _("French"), "en": _("English"), "ar": _("Arabic"), "es": _("Spanish"),
    "pt": _("Portuguese"), "ru": _("Russian"), "zh": _("Chinese"),
}  # fmt: skip
