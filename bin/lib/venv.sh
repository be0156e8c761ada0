# Sourced by bin/up, bin/test and bin/check from the root of the checkout.

say() { printf 'wharf: %s\n' "$*"; }
fail() { printf 'wharf: %s\n' "$*" >&2; exit 1; }

# Present while .venv is being filled: a making or an installation that was cut short is done again from nothing,
# because pip takes a half-copied package for an installed one.
INCOMPLETE=.venv/.incomplete

find_python() {
  local name
  for name in "${WHARF_PYTHON:-}" python3.11 python3.12 python3.13 python3.14 python3; do
    [ -n "$name" ] && command -v "$name" >/dev/null 2>&1 || continue
    # A version manager's shim may stand in the path for a Python that is not there.
    "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
    command -v "$name"
    return
  done
  fail "Python 3.11 or newer is needed (Debian: apt-get install -y python3 python3-venv)"
}

venv_works() {
  [ ! -e "$INCOMPLETE" ] && .venv/bin/python -m pip --version >/dev/null 2>&1 &&
    .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))'
}

try_venv() {
  rm -rf .venv && mkdir .venv && touch "$INCOMPLETE"
  "$1" -m venv .venv >.venv/making.log 2>&1 && venv_has_pip
}

venv_has_pip() { .venv/bin/python -m pip --version >/dev/null 2>&1; }

install_python_venv() {
  say "installing the Debian package python3-venv"
  apt-get install -y --no-install-recommends python3-venv >/dev/null 2>&1 && return
  apt-get update -q >/dev/null && apt-get install -y --no-install-recommends python3-venv >/dev/null
}

make_venv() {
  local python
  python=$(find_python) || exit 1
  [ ! -e .venv ] || say ".venv is incomplete or broken; making it again"
  say "making .venv with $("$python" --version)"
  try_venv "$python" && return
  # Debian ships venv apart from Python: the one package that may be missing.
  if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    install_python_venv || fail "apt-get install -y python3-venv failed (see above)"
    try_venv "$python" && return
  fi
  tail -n 3 .venv/making.log >&2 || true
  fail "Python's venv module does not work; as root run: apt-get install -y python3-venv"
}

# prepare_venv base|dev: .venv holds what the lock files say, and the `wharf` command of this checkout.
prepare_venv() {
  local wanted marker=.venv/.installed-$1 locks=(requirements/base.txt) arguments=() lock
  [ "$1" = dev ] && locks+=(requirements/dev.txt)
  venv_works || make_venv
  # The path counts too: a moved checkout's environment points to its old place.
  wanted=$(cat "${locks[@]}" pyproject.toml <(pwd) | sha256sum | cut -d' ' -f1)
  if [ "$(cat "$marker" 2>/dev/null)" = "$wanted" ] && [ -x .venv/bin/wharf ]; then return; fi
  for lock in "${locks[@]}"; do arguments+=(-r "$lock"); done
  say "installing $(cat "${locks[@]}" | grep -cE '^[a-zA-Z0-9]') packages into .venv (first time, or the locks changed)"
  touch "$INCOMPLETE"
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --require-hashes "${arguments[@]}" |
    sed -unE 's/^Collecting ([^ ]+) .*/  \1/p; s/^Installing collected.*/  unpacking …/p' || fail "pip could not install the packages (see above)"
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --quiet --no-deps --no-build-isolation \
    --no-index --config-settings editable_mode=compat -e . || fail "pip could not install the wharf command (see above)"
  rm -f "$INCOMPLETE"
  printf '%s\n' "$wanted" >"$marker"
}

# What building python-ldap takes on Debian; there is no wheel of it for Linux.
LDAP_PACKAGES="gcc python3-dev libldap2-dev libsasl2-dev"

has_ldap_headers() {
  local include
  include=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["include"])')
  printf '#include <Python.h>\n#include <ldap.h>\n#include <sasl/sasl.h>\n' | gcc -fsyntax-only -I"$include" -xc - >/dev/null 2>&1
}

# prepare_ldap: adds what signing in through a directory needs, where it can be built. Not having it stops nothing.
prepare_ldap() {
  local wanted marker=.venv/.installed-ldap
  wanted=$(cat requirements/ldap.txt <(pwd) | sha256sum | cut -d' ' -f1)
  if [ "$(cat "$marker" 2>/dev/null)" = "$wanted" ] && .venv/bin/python -c 'import ldap, django_auth_ldap' 2>/dev/null; then return; fi
  if ! has_ldap_headers; then
    say "without LDAP; to add it, as root: apt-get install -y --no-install-recommends $LDAP_PACKAGES"
    return
  fi
  say "building python-ldap for sign-in through a directory (once)"
  # No isolation: it is built with the setuptools that base.txt locks, not with whatever an index has today.
  if .venv/bin/python -m pip install --disable-pip-version-check --no-input --quiet --require-hashes --no-build-isolation \
    -r requirements/ldap.txt >.venv/ldap.log 2>&1; then
    printf '%s\n' "$wanted" >"$marker"
  else
    say "python-ldap could not be built, so Wharf goes without LDAP; see .venv/ldap.log"
  fi
}

# prepare_provider: the OpenID provider tests sign in at, beside the packages of Python. Not having it stops nothing.
prepare_provider() {
  local wanted marker=.venv/oidc-provider/.installed folder=.venv/oidc-provider
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || return 0
  wanted=$(sha256sum tests/oidc/package-lock.json | cut -d' ' -f1)
  if [ "$(cat "$marker" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "installing the OpenID provider of the tests (once)"
  rm -rf "$folder" && mkdir -p "$folder" && cp tests/oidc/package.json tests/oidc/package-lock.json "$folder"
  if (cd "$folder" && npm ci --no-audit --no-fund --ignore-scripts >../oidc-provider.log 2>&1); then
    printf '%s\n' "$wanted" >"$marker"
  else
    say "the OpenID provider could not be installed, its tests will be skipped; see .venv/oidc-provider.log"
  fi
}
