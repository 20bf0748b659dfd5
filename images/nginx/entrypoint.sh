#!/bin/sh
# Puts down which proxies nginx believes, then becomes nginx.
#
# TRUSTED_PROXIES: addresses and ranges, with spaces or commas between, of what stands in front and speaks TLS. Of them
# alone it takes a visitor's address (X-Forwarded-For) and scheme (X-Forwarded-Proto). Exit 1: one is no address, or
# everybody's.
set -eu
mkdir -p /run/nginx/trusted
: >/run/nginx/trusted/addresses.conf
: >/run/nginx/trusted/geo.conf
for range in $(printf '%s' "${TRUSTED_PROXIES:-}" | tr ',' ' '); do
    if ! printf '%s\n' "$range" | grep -Eqx '([0-9]{1,3}(\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]*)(/[1-9][0-9]{0,2})?'; then
        echo "nginx: TRUSTED_PROXIES: $range is no address and no range such as 10.0.0.0/16" >&2
        exit 1
    fi
    echo "set_real_ip_from $range;" >>/run/nginx/trusted/addresses.conf
    echo "$range 1;" >>/run/nginx/trusted/geo.conf
done
exec nginx -c /etc/nginx/nginx.conf "$@"
