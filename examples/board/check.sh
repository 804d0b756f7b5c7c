#!/bin/sh
# Whether each bundle given is what it claims to be, and signed by who may sign. Executes nothing in it.
set -eu
cd "$(dirname "$0")"
for bundle in "$@"; do
    name=${bundle%.zip}
    author=$(basename "$name" | cut -d- -f1)
    told=$(cat "$name.identity")
    found=$(alharness bundle check --json "$bundle" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["bundle"])')
    if [ "$told" != "$found" ]; then
        echo "$bundle: its identity is $found, $name.identity says $told" >&2
        exit 1
    fi
    ssh-keygen -Y verify -f allowed_signers -I "$author" -n alharness -s "$name.identity.sig" \
        < "$name.identity"
done
