"""Further published projects, taken to see what `rehearse --from base` does with histories that nobody tuned it on.

Texts as in `published_projects`.
"""

from __future__ import annotations

from scripts.published_projects import Project

_URL = "postgresql+psycopg2://nowhere.invalid/none"
_KEY = "c2l4dGVlbiBieXRlcyB0d2ljZSBpcyAzMiBieXRlcy4="


def _flask(made: str, location: str) -> str:
    """An env.py that runs the project's own in the application's context, as its command `... db upgrade` does."""
    return (
        f'import runpy\n{made}\n\nwith app.app_context():\n    runpy.run_path("@SITE@/{location}/env.py")\n'
    )


def _openstack(name: str, location: str) -> str:
    """An env.py that runs the project's own with its configuration loaded, as its command `...-db-manage` does."""
    return f"""import runpy
from alembic import context
from oslo_config import cfg
from oslo_db import options

cfg.CONF([], project="{name}", default_config_files=[])
options.set_defaults(cfg.CONF)
cfg.CONF.set_override("connection", "{_URL}", group="database")
context.config.{name}_config = cfg.CONF
runpy.run_path("@SITE@/{location}/env.py")
"""


_LEMUR = f"""SECRET_KEY = LEMUR_TOKEN_SECRET = "x"
LEMUR_ENCRYPTION_KEYS = "{_KEY}"
CORS = False
LOG_FILE = "@RUN@/lemur.log"
SQLALCHEMY_DATABASE_URI = "{_URL}"
"""
_FLEXMEASURES = f"""SECRET_KEY = "x"
SQLALCHEMY_DATABASE_URI = "{_URL}"
SECURITY_TOTP_SECRETS = {{"1": "00000000000000000000000000000000"}}
"""
# its own create_app() migrates by itself
_PGADMIN = f"""import sys

sys.path.insert(0, "@SITE@/pgadmin4")
import config
from flask import Flask
from flask_babel import Babel
from flask_migrate import Migrate
from pgadmin.model import SCHEMA_VERSION, db

config.SETTINGS_SCHEMA_VERSION = SCHEMA_VERSION
app = Flask("pgadmin")
app.config.from_object(config)
app.config["SQLALCHEMY_DATABASE_URI"] = "{_URL}"
app.config["SECURITY_PASSWORD_SALT"] = "x"
db.init_app(app)
Migrate(app, db)
Babel(app)"""
_FARADAY = f"[database]\nconnection_string = {_URL}\n[faraday_server]\nsecret_key = x\nagent_token = x\n"

OTHERS = (
    Project(
        "lemur",
        ("lemur", "setuptools<81"),
        "@RUN@/migrations",
        {
            "migrations/env.py": _flask(
                'from lemur.factory import create_app\n\napp = create_app(config="@RUN@/lemur.conf.py")',
                "lemur/migrations",
            ),
            "lemur.conf.py": _LEMUR,
        },
        more="version_locations = @SITE@/lemur/migrations/versions",
    ),
    Project(
        "flexmeasures",
        ("flexmeasures", "setuptools<81", "flask-security-too<5.7"),
        "@RUN@/migrations",
        {
            "migrations/env.py": _flask(
                "from flexmeasures.app import create\n\n"
                'app = create(env="development", path_to_config="@RUN@/fm.cfg")',
                "flexmeasures/data/migrations",
            ),
            "fm.cfg": _FLEXMEASURES,
        },
        more="version_locations = @SITE@/flexmeasures/data/migrations/versions",
    ),
    Project(
        "zou",
        ("zou<1", "setuptools<81"),
        "@RUN@/migrations",
        {"migrations/env.py": _flask("from zou.app import app", "zou/migrations")},
        {
            "DB_HOST": "@HOST@",
            "DB_PORT": "@PORT@",
            "DB_USERNAME": "@USER@",
            "DB_PASSWORD": "@PASSWORD@",
            "DB_DATABASE": "none",
        },
        more="version_locations = @SITE@/zou/migrations/versions",
    ),
    Project(
        "faradaysec",
        ("faradaysec", "setuptools<81"),
        "faraday/migrations",
        {".faraday/config/server.ini": _FARADAY, ".faraday/logs/.keep": ""},
        {"FARADAY_HOME": "@RUN@"},
    ),
    Project(
        "langflow-base",
        ("langflow-base",),
        "langflow/alembic",
        url="postgresql+psycopg://nowhere.invalid/none",
        env={"LANGFLOW_CONFIG_DIR": "@RUN@/home"},
    ),
    Project(
        "arize-phoenix",
        ("arize-phoenix", "asyncpg"),
        "phoenix/db/migrations",
        url="",
        env={"PHOENIX_WORKING_DIR": "@RUN@", "PHOENIX_SQL_DATABASE_URL": "postgresql://nowhere.invalid/none"},
    ),
    Project(
        "datajunction-server",
        ("datajunction-server", "greenlet"),
        "datajunction_server/alembic",
        env={"DATABASE_URI": _URL},
    ),
    Project(
        "mage-ai",
        ("mage-ai", "setuptools<81"),
        "mage_ai/orchestration/db/migrations",
        env={"MAGE_DATABASE_CONNECTION_URL": _URL, "MAGE_DATA_DIR": "@RUN@/home", "HOME": "@RUN@"},
        more="[logger_alembic]\nlevel = INFO\nhandlers =\nqualname = alembic",
    ),
    Project(
        "mcp-contextforge-gateway",
        ("mcp-contextforge-gateway",),
        "mcpgateway/alembic",
        env={
            "DATABASE_URL": _URL,
            "JWT_SECRET_KEY": f"{_KEY}jwt",
            "AUTH_ENCRYPTION_SECRET": f"{_KEY}auth",
            "CSRF_SECRET_KEY": f"{_KEY}csrf",
            "PLATFORM_ADMIN_PASSWORD": "Correct-horse-7-battery",
        },
    ),
    Project(
        "argilla-server",
        ("argilla-server", "asyncpg"),
        "argilla_server/alembic",
        env={
            "ARGILLA_DATABASE_URL": "postgresql+asyncpg://nowhere.invalid/none",
            "ARGILLA_HOME_PATH": "@RUN@",
        },
    ),
    Project(
        "fief-server",
        ("fief-server",),
        "fief/alembic",
        env={"SECRET": "x" * 32, "ENCRYPTION_KEY": _KEY},
        more="version_table_name = alembic_version\ntarget_base = Base",
    ),
    Project(
        "codex-lb",
        ("codex-lb",),
        "app/db/alembic",
        env={"CODEX_LB_DATABASE_URL": _URL, "CODEX_LB_DATA_DIR": "@RUN@", "HOME": "@RUN@"},
        python="python3.13",
    ),
    Project(
        "backend-ai-manager",
        ("backend-ai-manager",),
        "ai/backend/manager/models/alembic",
        env={"STRINGIFY_USERID_CHOICE": "a"},
        url="postgresql+asyncpg://nowhere.invalid/none",
        python="python3.13",
    ),
    Project(
        "pgadmin4",
        ("pgadmin4", "psycopg2-binary"),
        "@RUN@/migrations",
        {"migrations/env.py": _flask(_PGADMIN, "pgadmin4/migrations")},
        {"PGADMIN_SETUP_EMAIL": "a@example.org", "PGADMIN_SETUP_PASSWORD": "password", "HOME": "@RUN@"},
        more="version_locations = @SITE@/pgadmin4/migrations/versions",
    ),
    Project(
        "mistral",
        ("mistral",),
        "@RUN@/migrations",
        {"migrations/env.py": _openstack("mistral", "mistral/db/sqlalchemy/migration/alembic_migrations")},
        more="version_locations = @SITE@/mistral/db/sqlalchemy/migration/alembic_migrations/versions",
    ),
    Project(
        "magnum",
        ("magnum",),
        "@RUN@/migrations",
        {"migrations/env.py": _openstack("magnum", "magnum/db/sqlalchemy/alembic")},
        more="version_locations = @SITE@/magnum/db/sqlalchemy/alembic/versions",
    ),
    Project(
        "zun",
        ("zun",),
        "@RUN@/migrations",
        {"migrations/env.py": _openstack("zun", "zun/db/sqlalchemy/alembic")},
        more="version_locations = @SITE@/zun/db/sqlalchemy/alembic/versions",
    ),
)
