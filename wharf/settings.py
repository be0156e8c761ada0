"""Django's names, filled from `wharf.environment` and from nothing else."""

from __future__ import annotations

from typing import Any

from wharf import environment, layout
from wharf.database_settings import database_settings
from wharf.logs import logging_settings

ENVIRONMENT = environment.load()

DEBUG = False
SECRET_KEY = ENVIRONMENT.secret()
SECRET_KEY_FALLBACKS = ENVIRONMENT.former_secrets
# Checked against WHARF_EXTERNAL_URLS (scheme, name and port) by each face; Django's own check knows no ports.
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts

INSTALLED_APPS = [
    # The first one's translations win: others have words of their own for "Name".
    "frontend",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "accounts",
    "access",
    "audit",
    "django_celery_beat",
    "jobs",
    "config",
    "projects",
    "artifacts",
]
# The web side only: /v2, /v1 and /service/token are served with an empty chain (wharf/wsgi.py).
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "frontend.middleware.Pages",
    "accounts.browser.Csrf",
]
ROOT_URLCONF = "wharf.urls_web"
REGISTRY_URLCONF = "wharf.urls_registry"
APPEND_SLASH = False
WSGI_APPLICATION = "wharf.wsgi.application"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["accounts.passwords.WharfArgon2PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DATABASES: dict[str, dict[str, Any]] = {
    "default": database_settings(ENVIRONMENT.database, lease=ENVIRONMENT.lease),
}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["frontend.context.base"],
            "builtins": ["django.templatetags.i18n", "frontend.templatetags.wharf_ui"],
        },
    }
]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
# As each calls itself.
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Names and attributes of cookies follow the scheme of each request: accounts.browser.
CSRF_FAILURE_VIEW = "frontend.views.problems.not_meant"

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_settings(ENVIRONMENT.log_level)

# Read when views are described; everything else of the REST framework is said by registry_api.rest.endpoint.
REST_FRAMEWORK = {"DEFAULT_SCHEMA_CLASS": "registry_api.rest.schema.Schema", "UNAUTHENTICATED_USER": None}

# Names of ours, read by the layers below through django.conf.settings.
WHARF_ROLE = ENVIRONMENT.role
WHARF_DATA = ENVIRONMENT.data
WHARF_EMBEDS_DATABASE = ENVIRONMENT.embedded_postgres
WHARF_SPOOL = ENVIRONMENT.layout.spool
WHARF_AUDIT_KEY_FILE = ENVIRONMENT.audit_keys
WHARF_AUDIT_HEADS = ENVIRONMENT.audit_heads_file
WHARF_AUDIT_FORWARD = ENVIRONMENT.layout.audit_forward
WHARF_AUDIT_ARCHIVE = ENVIRONMENT.audit_archive_folder
WHARF_AUDIT_ARCHIVE_NAMED = ENVIRONMENT.audit_archive is not None
WHARF_STORAGE = ENVIRONMENT.storage_url
WHARF_EXTERNAL_URLS = ENVIRONMENT.allowed_origins
WHARF_TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies
WHARF_METRICS_NETWORKS = ENVIRONMENT.metrics_networks
WHARF_FAST_LANE = ENVIRONMENT.fast_lane
WHARF_X_ACCEL = ENVIRONMENT.x_accel
WHARF_REDIS_URL = ENVIRONMENT.redis
WHARF_LEASE = ENVIRONMENT.lease
WHARF_TEST_GC_FLOOR = ENVIRONMENT.test_gc_floor
WHARF_FAILPOINTS = ENVIRONMENT.failpoints
WHARF_GALLERY = ENVIRONMENT.test_gallery
WHARF_PORT = ENVIRONMENT.port
WHARF_CHECKOUT = layout.CHECKOUT
# What administrators may not change while this runs (config.locks).
WHARF_SETTING_LOCKS = environment.locked_settings()
# Kinds of background runs, their queues and what events start (jobs.kinds).
WHARF_KINDS = "wharf.subscriptions"
