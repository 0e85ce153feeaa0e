#!/usr/bin/env bash
# Installs what the tests need and what is no Python package: Ceph's S3 gateway, PostgreSQL, Chromium
# and the commands that write batches as others do (pigz, aws, rclone) from Debian (as root), and
# Azurite from npm into .servers/ of this checkout.
# What is there already is left alone; make, a C compiler and Python's venv and headers come too.
# With --without-root it installs what any user can (Azurite, where there is npm) and never fails:
# the tests of what is not there are skipped by name.
set -euo pipefail
cd "$(dirname "$0")/../.."

install_azurite() { # 3.35.0: newer ones ask for Node 21 and more
  [[ -e .servers/node_modules/azurite/dist/src/azurite.js ]] ||
    npm install --prefix .servers --no-audit --no-fund --no-package-lock azurite@3.35.0
}

if [[ ${1-} == --without-root ]]; then
  if ! command -v npm >/dev/null; then
    echo "no npm: the tests on Azurite will be skipped" >&2
  elif ! install_azurite; then
    echo "Azurite could not be installed: its tests will be skipped" >&2
  fi
  exit 0
fi

packages=(radosgw ceph-mon ceph-osd ceph-common pigz rclone)
command -v initdb >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
  packages+=(postgresql)
command -v chromium >/dev/null || packages+=(chromium)
command -v npm >/dev/null || packages+=(nodejs npm)
for tool in curl jq; do # of the README's stories
  command -v "$tool" >/dev/null || packages+=("$tool")
done
command -v make >/dev/null || packages+=(make)
command -v aws >/dev/null || packages+=(awscli)
command -v cc >/dev/null || packages+=(gcc libc6-dev)
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
python3 -c 'import os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")' 2>/dev/null ||
  packages+=(python3-dev) # for the accelerator, which the tests hold to what Python does
absent=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q ' installed$' ||
    absent+=("$package")
done
if ((${#absent[@]})); then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${absent[@]}"
fi

install_azurite
