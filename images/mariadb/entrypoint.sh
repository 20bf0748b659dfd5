#!/bin/sh
# The database server: a data directory on first start, accounts from secret files on every start.
set -eu

DATA=/var/lib/mysql
ACCOUNTS=/run/mysqld/accounts.sql

main() {
    create_data_directory
    write_accounts >"$ACCOUNTS"
    exec mariadbd --init-file="$ACCOUNTS" ${BUFFER_POOL_SIZE:+--innodb-buffer-pool-size="$BUFFER_POOL_SIZE"} "$@"
}

# Made beside its place and moved there in one step per entry, the system tables last: a start that was
# interrupted begins again.
create_data_directory() {
    [ -d "$DATA/mysql" ] && return
    echo "mariadb: creating the data directory" >&2
    rm -rf "${DATA:?}/"* "${DATA:?}/".new
    mariadb-install-db --no-defaults --datadir="$DATA/.new" --skip-test-db --cross-bootstrap \
        --auth-root-authentication-method=socket --auth-root-socket-user=mariadb >/dev/null
    for entry in "$DATA"/.new/*; do
        [ "$entry" = "$DATA/.new/mysql" ] || mv "$entry" "$DATA/"
    done
    mv "$DATA/.new/mysql" "$DATA/"
    rmdir "$DATA/.new"
}

# Run by the server before it accepts connections, so a changed secret counts from the next start on. The
# administrator has no password: it is this container's own user, through the socket and from nowhere else.
write_accounts() {
    umask 077
    microblog=$(secret microblog_password)
    exporter=$(secret exporter_password)
    cat <<SQL
CREATE DATABASE IF NOT EXISTS microblog;
CREATE USER IF NOT EXISTS 'microblog'@'%' IDENTIFIED BY '$microblog';
ALTER USER 'microblog'@'%' IDENTIFIED BY '$microblog';
GRANT ALL PRIVILEGES ON microblog.* TO 'microblog'@'%';
CREATE USER IF NOT EXISTS 'exporter'@'%' IDENTIFIED BY '$exporter' WITH MAX_USER_CONNECTIONS 3;
ALTER USER 'exporter'@'%' IDENTIFIED BY '$exporter' WITH MAX_USER_CONNECTIONS 3;
GRANT PROCESS, BINLOG MONITOR, SLAVE MONITOR ON *.* TO 'exporter'@'%';
SQL
}

secret() {
    if [ ! -r "/run/secrets/$1" ]; then
        echo "mariadb: cannot read the secret file /run/secrets/$1" >&2
        exit 1
    fi
    value=$(cat "/run/secrets/$1")
    case "$value" in
        '' | *[!A-Za-z0-9_-]*)
            echo "mariadb: the secret file /run/secrets/$1 must hold letters, digits, _ and - only" >&2
            exit 1
            ;;
    esac
    printf %s "$value"
}

main "$@"
