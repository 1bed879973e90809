#!/bin/sh
# Secrets come as files: every NAME_FILE becomes NAME with the content of that file. Then the command runs in our place.
set -eu
for variable in $(env | sed -n 's/^\([A-Z][A-Z0-9_]*\)_FILE=.*/\1/p'); do
  eval "file=\${${variable}_FILE}"
  [ -r "$file" ] || { echo "the secret ${variable}_FILE ($file) cannot be read: create it, see deploy/README.md" >&2; exit 2; }
  export "$variable=$(cat "$file")"
done
# One DAGSTER_HOME per container, with the settings for its part in it.
mkdir -p "$DAGSTER_HOME"
cp "$INSTANCE_SETTINGS" "$DAGSTER_HOME/dagster.yaml"
exec "$@"
