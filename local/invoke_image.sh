#!/usr/bin/env bash
# Builds an image for `sam local invoke` where the public one cannot be pulled: Debian trixie, whose
# python3 is 3.13, with Lambda's runtime interface client. Needs Docker, debootstrap and root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
image=${1:-imagebatch-lambda-python:3.13}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=python3,ca-certificates trixie "$root" >&2
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
mkdir -p "$root"/var/{task,rapid,runtime} "$root"/opt
.venv-uv/bin/uv pip install --quiet --python .venv/bin/python --only-binary :all: --link-mode copy \
  --require-hashes --target "$root/var/runtime" --requirement requirements/runtime.txt

cat >"$root/var/runtime/bootstrap" <<'BOOTSTRAP'
#!/bin/sh
export PYTHONPATH=/var/task:/opt/python:/opt/python/lib/python3.13/site-packages:/var/runtime
cd /var/task && exec python3 -m awslambdaric "$_HANDLER"
BOOTSTRAP
chmod 755 "$root" "$root/var/runtime/bootstrap"
tar -C "$root" -c . | docker import - "$image" >/dev/null
echo "$image"
