#!/bin/sh
# La primera vez crea el cluster, con su usuario y su base de datos; después solo arranca.
set -eu
: "${STATE_USER:?falta STATE_USER}" "${STATE_PASSWORD:?falta STATE_PASSWORD}"
: "${STATE_DATABASE:?falta STATE_DATABASE}"

# sql CARPETA: ejecuta las sentencias que recibe, una por línea, sin abrir ningún puerto.
sql() {
    postgres --single -D "$1" -c exit_on_error=on -c log_checkpoints=off postgres > /dev/null
}

create_cluster() {
    rm -rf "$PGDATA.new"
    initdb --pgdata="$PGDATA.new" --username=postgres --locale=C.UTF-8 --encoding=UTF8 \
        --auth-local=reject --auth-host=scram-sha-256 > /dev/null
    echo 'host all all all scram-sha-256' >> "$PGDATA.new/pg_hba.conf"
    sql "$PGDATA.new" <<SQL
CREATE ROLE "$STATE_USER" LOGIN
CREATE DATABASE "$STATE_DATABASE" OWNER "$STATE_USER"
SQL
    # Con su nombre definitivo solo cuando está completo: si algo lo interrumpe, se empieza de nuevo.
    mv "$PGDATA.new" "$PGDATA"
}

[ -d "$PGDATA" ] || create_cluster
# La contraseña es siempre la de ahora, aunque el volumen sea de antes.
# (Sin tubería: tras un corte, postgres acepta su postmaster.pid viejo solo si nombra a su padre.)
sql "$PGDATA" <<SQL
ALTER ROLE "$STATE_USER" PASSWORD '$STATE_PASSWORD'
SQL
unset STATE_PASSWORD
# Solo por TCP: sin socket, el contenedor no escribe fuera de su volumen.
# Cada orden queda en la salida del contenedor («docker logs») con su hora y su conexión: quién tomó
# el lock, quién lo encontró tomado y qué se guardó. Quien usa la base de datos no puede cambiarlo.
exec postgres -c listen_addresses='*' -c unix_socket_directories='' -c log_checkpoints=off \
    -c log_statement=all -c log_disconnections=on -c log_line_prefix='%n %p %e '
