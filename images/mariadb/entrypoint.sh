#!/bin/sh
# The database server: a data directory on first start, upgraded on the first start of another release, accounts from
# secret files on every start.
set -eu

DATA=/var/lib/mysql
ACCOUNTS=/run/mysqld/accounts.sql
UPGRADING=/run/mysqld/upgrading.sock

main() {
    create_data_directory
    upgrade_data_directory
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

# The system tables of another release, by a server that nobody else reaches: the health check knows its own socket.
upgrade_data_directory() {
    now=$(mariadbd --version | release)
    before=$(cat "$DATA/mariadb_upgrade_info" 2>/dev/null | release)
    before=${before:-unknown} failed=''
    [ "$before" != "$now" ] || return 0
    echo "mariadb: upgrading the data directory from release $before to $now" >&2
    mariadbd --skip-networking --socket="$UPGRADING" &
    server=$!
    until mariadb --socket="$UPGRADING" --execute='SELECT 1' >/dev/null 2>&1; do
        kill -0 "$server" 2>/dev/null || refuse "release $now does not start on a data directory of release $before"
        sleep 0.2
    done
    mariadb-upgrade --socket="$UPGRADING" --user=mariadb >&2 || failed=yes
    kill "$server"
    wait "$server" || failed=yes
    [ -z "$failed" ] || refuse "the data directory could not be upgraded from release $before to $now"
}

# The first two numbers of a version.
release() { grep --only-matching --max-count=1 '[0-9]*\.[0-9]*' | head -n 1; }

refuse() {
    echo "mariadb: $1; go back to the image of before, or restore a backup into an empty one (docs/backup.md)" >&2
    exit 1
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
