#!/usr/bin/env bash
# Renew the locks: every version with the hashes of its files, no index address.
set -euo pipefail
cd "$(dirname "$0")"
for name in base ldap pages dev; do
  ../.venv/bin/python -m piptools compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header \
    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
    --output-file "$name.txt" "$name.in"
done
