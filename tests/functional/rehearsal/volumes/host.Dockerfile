# As much of images/host as the volumes need: systemd, mkfs, and the service that makes volumes known to systemd.
FROM debian:trixie-slim
# The Debian release is the pin.
# hadolint ignore=DL3008
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt/lists,sharing=locked \
    apt-get update \
    && apt-get install --yes --no-install-recommends e2fsprogs systemd systemd-sysv \
    && systemctl mask getty.target console-getty.service systemd-modules-load.service
COPY --chmod=0755 rehearsal-volumes /usr/local/sbin/
COPY rehearsal-volumes.service /etc/systemd/system/
RUN systemctl enable rehearsal-volumes.service
STOPSIGNAL SIGRTMIN+3
