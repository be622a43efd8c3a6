#!/usr/bin/env bash
# Debian's packages that the two other verifiers of a trail are made of, where they are missing: Go and
# the code of its checksum database, and Python's `cryptography`. Without leave to install it says what
# to install and ends with 1.
set -euo pipefail

missing=()
[[ -x "$(command -v go)" ]] || missing+=(golang-go)
[[ -d /usr/share/gocode/src/golang.org/x/mod/sumdb/tlog ]] || missing+=(golang-golang-x-mod-dev)
has_cryptography() {
    "$1" -c 'from cryptography.hazmat.primitives.asymmetric import ed25519' 2>/dev/null
}
has_cryptography python3 || has_cryptography /usr/bin/python3 || missing+=(python3 python3-cryptography)

if [[ ${#missing[@]} -eq 0 ]]; then
    echo "the verifiers' packages are here"
    exit 0
fi
if [[ "$(id -u)" -eq 0 ]]; then
    as_root=()
elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    echo "the verifiers of a trail need packages; install them: apt-get install ${missing[*]}" >&2
    exit 1
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
