"""`python -m wharf.prepare`: migrations and first rows; the last line of standard output is JSON for
`wharf up`."""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback


def main() -> None:
    try:
        password = prepare()
    except Exception as error:  # noqa: BLE001 - the whole of it is printed; the last line is for the person
        traceback.print_exc()
        sys.stderr.write(f"{' '.join(str(error).split()) or type(error).__name__}\n")
        raise SystemExit(1) from None
    sys.stdout.write("\n" + json.dumps({"admin_password": password or ""}) + "\n")


def prepare() -> str | None:
    """Schema, storage, first rows; the password of a new first administrator, or None. Raises what each of them raises."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "wharf.settings")
    django.setup()
    from artifacts import storage
    from wharf import bootstrap, environment, migration

    migration.migrate(environment.load(), verbosity=0)
    # Celery's own schedule, from before schedules were rows.
    shutil.rmtree(environment.load().data / "beat", ignore_errors=True)
    storage.set_up()
    return bootstrap.bootstrap()


if __name__ == "__main__":
    main()
