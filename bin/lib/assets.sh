# Sourced after venv.sh by bin/up, bin/test, bin/check and bin/bench.

# What pages load and no commit holds: out of npm's packages, and the translations. Made again when one of these changes.
PAGES=.venv/pages

find_npm() {
  if command -v npm >/dev/null 2>&1; then command -v npm; return; fi
  local found=.venv/bin/npm
  if [ ! -x "$found" ]; then
    say "installing npm into .venv (this machine has none)" >&2
    .venv/bin/python -m pip install --disable-pip-version-check --no-input --quiet --require-hashes -r requirements/pages.txt >&2 ||
      fail "npm is needed for what pages load (Debian: apt-get install -y npm)"
  fi
  realpath --no-symlinks "$found"
}

# prepare_assets: frontend/static/frontend/vendor and the compiled translations are there and as the sources want them.
prepare_assets() {
  local wanted npm marker=$PAGES/.made
  wanted=$(cat frontend/package-lock.json frontend/icons.py frontend/tabler.py frontend/vendoring.py | sha256sum | cut -d' ' -f1)
  .venv/bin/python -m frontend.translations || fail "the translations could not be compiled (see above)"
  if [ "$(cat "$marker" 2>/dev/null)" = "$wanted" ] && [ -s frontend/static/frontend/vendor/icons.svg ]; then return; fi
  npm=$(find_npm) || exit 1
  say "fetching what web pages load (once, or its lock changed)"
  rm -rf "$PAGES" && mkdir -p "$PAGES" && cp frontend/package.json frontend/package-lock.json "$PAGES"
  # Nothing of a package runs: no scripts. The lock has the hash of each.
  (cd "$PAGES" && PATH="$(dirname "$npm"):$PATH" "$npm" ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1) ||
    fail "npm could not fetch what pages load; see $PAGES/npm.log"
  .venv/bin/python -m frontend.vendoring "$PAGES/node_modules" || fail "what pages load could not be made (see above)"
  rm -rf "$PAGES/node_modules"  # 77 MB, of which a few files were needed
  printf '%s\n' "$wanted" >"$marker"
}

# prepare_axe: the rules of accessibility that tests hold pages to. Not having them stops nothing but those tests.
prepare_axe() {
  local wanted marker=.venv/axe/.made
  command -v npm >/dev/null 2>&1 || return 0
  wanted=$(sha256sum tests/frontend/browser/package-lock.json | cut -d' ' -f1)
  if [ "$(cat "$marker" 2>/dev/null)" = "$wanted" ]; then return; fi
  say "fetching the rules of accessibility for the tests of pages (once)"
  rm -rf .venv/axe && mkdir -p .venv/axe && cp tests/frontend/browser/package.json tests/frontend/browser/package-lock.json .venv/axe
  if (cd .venv/axe && npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 && cp node_modules/axe-core/axe.min.js .); then
    rm -rf .venv/axe/node_modules
    printf '%s\n' "$wanted" >"$marker"
  else
    say "they could not be fetched, so their tests will be skipped; see .venv/axe/npm.log"
  fi
}
