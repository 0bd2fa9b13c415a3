#!/bin/sh
# Guarda solo el hash (bcrypt) de la contraseña, en memoria, y arranca el registry.
set -eu
: "${REGISTRY_USER:?falta REGISTRY_USER}" "${REGISTRY_PASSWORD:?falta REGISTRY_PASSWORD}"
umask 077
printf '%s' "$REGISTRY_PASSWORD" | htpasswd -niB "$REGISTRY_USER" > /run/registry/htpasswd
# docker-registry lee toda variable REGISTRY_* como configuración: estas dos no lo son.
unset REGISTRY_USER REGISTRY_PASSWORD
exec docker-registry serve /etc/docker/registry/config.yml
