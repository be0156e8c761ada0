#!/bin/sh
# Run once by the postgres image on an empty cluster: the role that owns the tables, and the role that serves.
set -eu
psql --set ON_ERROR_STOP=1 --set owner="$WHARF_OWNER_PASSWORD" --set app="$WHARF_APP_PASSWORD" \
  --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'END'
CREATE ROLE wharf_owner LOGIN PASSWORD :'owner';
CREATE ROLE wharf_app LOGIN PASSWORD :'app';
CREATE DATABASE wharf OWNER wharf_owner ENCODING UTF8;
END
